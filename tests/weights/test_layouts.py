"""Weights files that other programs write: Keras 2 (tf-keras) and Keras 3, in every layout."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from core.inference import load_predictor
from core.runs import import_weights
from core.weights import WeightsError, read_model

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]
LAYOUTS = (
    "flat_whole.keras",
    "nested_whole.keras",
    "flat_whole.h5",
    "flat_alone.h5",
    "flat.weights.h5",
    "nested_whole.h5",
    "nested_alone.h5",
)

WRITE = """
import sys
from pathlib import Path
import numpy as np
{keras}
folder = Path(sys.argv[1])
image = np.linspace(0, 1, 128 * 128, dtype="float32").reshape(1, 128, 128, 1).repeat(3, -1)
for kind in ("flat", "nested"):
    keras.backend.clear_session()  # layers are named as in a program of its own
    keras.utils.set_random_seed(1)
    base = keras.applications.VGG19(weights=None, include_top=False, input_shape=(128, 128, 3))
    head = [
        keras.layers.Flatten(),
        keras.layers.Dense(4608, "relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(1152, "relu"),
        keras.layers.Dense(2, "softmax"),
    ]
    if kind == "nested":
        model = keras.Sequential([base, *head])
    else:
        x = base.output
        for layer in head:
            x = layer(x)
        model = keras.Model(base.input, x)
    model.compile("sgd", "categorical_crossentropy")
    model.save(folder / f"{{kind}}_whole.h5")
    model.save(folder / f"{{kind}}_whole.keras")
    if kind == "flat":
        model.save_weights(folder / "flat.weights.h5")
    {alone}
    np.save(folder / f"{{kind}}.npy", model.predict(image, verbose=0)[0, 1])
"""
KERAS = {
    "keras2": WRITE.format(
        keras="import tf_keras as keras", alone='model.save_weights(folder / f"{kind}_alone.h5")'
    ),
    "keras3": WRITE.format(
        keras="import h5py, keras\nfrom keras.src.legacy.saving import legacy_h5_format",
        alone="""
    with h5py.File(folder / f"{kind}_alone.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
""",
    ),
}


@pytest.fixture(scope="module", params=KERAS)
def elsewhere(request, tmp_path_factory) -> Path:
    """A folder of files that a program of that Keras wrote, and what its models say of one image."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, "-c", KERAS[request.param], str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return folder


@pytest.mark.parametrize("name", LAYOUTS)
def test_weights_made_elsewhere_predict_as_they_did(elsewhere, name, tmp_path):
    run = import_weights(elsewhere / name, stage=3, scaling="unit", folder=tmp_path)
    ramp = np.linspace(0, 1, 128 * 128, dtype="float32").reshape(1, 128, 128)
    predictor = load_predictor(run.weights_path(3), "float32")
    pixels = np.rint(ramp * 255).astype(np.uint8)
    expected = float(np.load(elsewhere / f"{name.split('_')[0].split('.')[0]}.npy"))
    assert predictor.probabilities(pixels)[0] == pytest.approx(expected, abs=2e-3)
    assert run.status().state == "finished" and "Imported from" in run.status().message


def test_all_layouts_give_the_same_arrays(elsewhere):
    first, *others = (read_model(elsewhere / name)[0] for name in LAYOUTS if name.startswith("flat"))
    for other in others:
        assert all(np.array_equal(first[name][0], other[name][0]) for name in first)


def test_another_network_is_refused_with_what_differs(tmp_path):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="other")])
    model.save(tmp_path / "other.h5")
    with pytest.raises(WeightsError, match="computes otherwise .* its input is 8, expected 128 x 128 x 3"):
        import_weights(tmp_path / "other.h5", 3, "unit", folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
