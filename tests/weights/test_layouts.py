"""Weights files that other programs write: Keras 2 (tf-keras) and Keras 3, in every layout."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from core.architecture import VGG19
from core.inference import load_predictor
from core.runs import import_weights
from core.weights import WeightsError, read_foreign_model, read_model

pytestmark = pytest.mark.slow
LAYOUTS = (
    "flat_whole.keras",
    "nested_whole.keras",
    "flat_whole.h5",
    "flat_alone.h5",
    "flat.weights.h5",
    "nested_whole.h5",
    "nested_alone.h5",
)

IMAGE = np.linspace(0, 1, 128 * 128, dtype="float32").reshape(1, 128, 128, 1)


def save_alone(model: keras.Model, path: Path) -> None:
    """Save a Keras 3 model's weights as `save_weights` did before `.weights.h5`."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


KERAS = {
    "keras2": ("tf_keras", lambda model, path: model.save_weights(path)),
    "keras3": ("keras", save_alone),
}


def write(
    keras: Any, save_weights_alone: Callable[[Any, Path], None], folder: Path
) -> tuple[list[np.ndarray], float]:
    """Save a model in every layout; returns its weights, and the probability that it gives for `IMAGE`."""
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
    x = base.output
    for layer in head:
        x = layer(x)
    models = {"flat": keras.Model(base.input, x), "nested": keras.Sequential([base, *head])}
    for kind, model in models.items():
        model.compile("sgd", "categorical_crossentropy")
        model.save(folder / f"{kind}_whole.h5")
        model.save(folder / f"{kind}_whole.keras")
        save_weights_alone(model, folder / f"{kind}_alone.h5")
    models["flat"].save_weights(folder / "flat.weights.h5")
    return models["flat"].get_weights(), float(models["flat"](IMAGE.repeat(3, -1))[0, 1])


@dataclass(frozen=True)
class Elsewhere:
    """Files that one Keras wrote of a model, its weights in order, and what it says of `IMAGE`."""

    folder: Path
    weights: list[np.ndarray]
    probability: float


@pytest.fixture(scope="module", params=KERAS)
def elsewhere(request, tmp_path_factory) -> Elsewhere:
    folder = tmp_path_factory.mktemp(request.param)
    name, save_weights_alone = KERAS[request.param]
    # Imported here: every worker that collects tests would import Keras 2.
    return Elsewhere(folder, *write(importlib.import_module(name), save_weights_alone, folder))


@pytest.mark.parametrize("name", LAYOUTS)
def test_weights_made_elsewhere_arrive_to_the_bit(elsewhere, name):
    for read in (read_model, read_foreign_model):
        arrays = read(elsewhere.folder / name)[0]
        ordered = [array for layer in VGG19.weighted for array in arrays[layer.name]]
        assert len(ordered) == len(elsewhere.weights)
        assert all(map(np.array_equal, ordered, elsewhere.weights))


@pytest.mark.parametrize("name", ["flat_whole.keras", "nested_alone.h5"])
def test_weights_made_elsewhere_predict_as_they_did(elsewhere, name, tmp_path):
    run = import_weights(elsewhere.folder / name, stage=3, scaling="unit", folder=tmp_path)
    predictor = load_predictor(run.weights_path(3), "float32")
    pixels = np.rint(IMAGE[..., 0] * 255).astype(np.uint8)
    assert predictor.probabilities(pixels)[0] == pytest.approx(elsewhere.probability, abs=2e-3)
    assert run.status().state == "finished" and "Imported from" in run.status().message


def test_another_network_is_refused_with_what_differs(tmp_path):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="other")])
    model.save(tmp_path / "other.h5")
    with pytest.raises(WeightsError, match="computes otherwise .* its input is 8, expected 128 x 128 x 3"):
        import_weights(tmp_path / "other.h5", 3, "unit", folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
