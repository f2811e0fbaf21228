import threading

import numpy as np
import pytest
from short_runs import NEAR

from core.architecture import LAST_CONVOLUTION, WEIGHTED
from core.dataset import open_dataset
from core.diagnosis import Predictor, available_models, borderline, load_predictor, published_models
from core.diagnosis.engine import Engine
from core.images import network_input, read
from core.network import build, segment, set_arrays
from core.weights import ModelRecord, WeightsError, read_model


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(3), "float32")


def test_the_compiled_model_answers_as_keras_does(trained, predictor, demo):
    pixels = np.array(open_dataset(demo).pixels)
    arrays, _ = read_model(trained.weights_path(3))
    network = build()
    set_arrays(network, arrays)
    theirs = network.predict(network_input(pixels), verbose=0)[:, 1]
    assert np.abs(predictor.probabilities(pixels) - theirs).max() < 1e-4


@pytest.mark.parametrize("scaling", ["imagenet", "unit"])
def test_the_scaling_is_folded_into_the_first_convolution_borders_included(scaling):
    network = build(seed=5, scaling=scaling)
    arrays = {layer.name: tuple(network.get_layer(layer.name).get_weights()) for layer in WEIGHTED}
    pixels = np.random.default_rng(0).integers(0, 256, (2, 128, 128)).astype(np.uint8)
    theirs = segment(network, None, LAST_CONVOLUTION).predict(network_input(pixels), verbose=0)
    ours = Engine(arrays, scaling, ("float32",)).activations(pixels, "float32").transpose(0, 2, 3, 1)
    assert np.abs(ours - theirs).max() < 1e-5 * theirs.max()


def test_borderline_films_are_judged_again_in_float32(trained, demo):
    pixels = np.array(open_dataset(demo).pixels)
    exact = load_predictor(trained.weights_path(3), "float32").probabilities(pixels)
    coarse = Predictor(
        Engine(read_model(trained.weights_path(3))[0], "imagenet", ("bfloat16", "float32")),
        ModelRecord(),
        trained.weights_path(3),
        "bfloat16",
        rechecks=True,
        head={},
    )
    found = coarse.probabilities(pixels)
    assert np.abs(found - exact)[borderline(found)].max(initial=0) < 1e-5
    assert np.abs(found - exact).max() < 0.01


def test_a_file_gets_the_answer_that_evaluation_kept_for_it(trained, predictor, demo):
    kept = trained.predictions(3, "test").head(5)
    answers = predictor.predict([read(demo / path) for path in kept["path"]])
    assert [answer.probability for answer in answers] == pytest.approx(list(kept["probability"]), abs=NEAR)
    assert {answer.label for answer in answers} <= {"NORMAL", "PNEUMONIA"}


def test_several_may_ask_at_once(predictor, demo):
    pixels = np.array(open_dataset(demo).pixels)
    alone = [predictor.probabilities(pixels[i : i + 1])[0] for i in range(8)]
    together = {}

    def ask(i):
        together[i] = predictor.probabilities(pixels[i : i + 1])[0]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[i] for i in range(8)] == pytest.approx(alone, abs=1e-6)


def test_published_models_are_listed_with_their_origin(trained, home):
    models = available_models()
    assert [model.stage.number for model in models] == [1, 2, 3]
    assert all("SYNTHETIC" in model.title and "trained" in model.title for model in models)


def test_a_broken_file_is_not_offered_and_not_loaded(tmp_path):
    (tmp_path / "vgg_unfrozen.h5").write_bytes(b"broken")
    assert published_models(tmp_path) == []
    with pytest.raises(WeightsError):
        load_predictor(tmp_path / "vgg_unfrozen.h5")
