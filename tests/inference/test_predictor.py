import threading
from dataclasses import replace

import numpy as np
import pytest
from short_runs import NARROW, NEAR

from core.config import processor
from core.dataset import open_dataset
from core.images import network_input, read_image
from core.inference import NetworkPredictor, load_predictor, published_models
from core.inference.engine import Engine
from core.inference.rounding import UNKNOWN
from core.network import build, segment, set_arrays
from core.registry import answering_models
from core.weights import ModelRecord, WeightsError, read_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(3), "float32")


def test_the_compiled_model_answers_as_keras_does(trained, predictor, demo):
    pixels = np.array(open_dataset(demo).pixels)
    arrays, _ = read_model(trained.weights_path(3))
    network = build(backbone=NARROW)
    set_arrays(network, arrays)
    theirs = np.asarray(network(network_input(pixels)))[:, 1]
    assert np.abs(predictor.probabilities(pixels) - theirs).max() < 1e-4


@pytest.mark.parametrize("scaling", ["imagenet", "unit"])
def test_the_scaling_is_folded_into_the_first_convolution_borders_included(scaling):
    network = build(seed=5, scaling=scaling, backbone=NARROW)
    arrays = {layer.name: tuple(network.get_layer(layer.name).get_weights()) for layer in NARROW.weighted}
    pixels = np.random.default_rng(0).integers(0, 256, (2, 128, 128)).astype(np.uint8)
    theirs = np.asarray(segment(network, None, NARROW.heat_map_layer)(network_input(pixels)))
    engine = Engine.of(arrays, scaling, backbone=NARROW)
    ours = engine.activations(pixels, "float32").transpose(0, 2, 3, 1)
    assert np.abs(ours - theirs).max() < 1e-5 * theirs.max()


def test_images_that_bfloat16_may_move_too_far_are_judged_again_in_float32(trained, demo):
    pixels = np.array(open_dataset(demo).pixels)
    exact = load_predictor(trained.weights_path(3), "float32").probabilities(pixels)
    coarse = NetworkPredictor(
        ModelRecord(width=NARROW.width),
        trained.weights_path(3),
        "bfloat16",
        Engine.of(read_model(trained.weights_path(3))[0], "imagenet", backbone=NARROW),
        rounding=UNKNOWN,
    )
    found = coarse.probabilities(pixels)
    again = coarse.needs_float32(found)
    assert again.any() or processor.bfloat16_unit() == "none"
    assert np.abs(found - exact)[again].max(initial=0) < 1e-5
    assert np.abs(found - exact).max() < 0.01
    assert not replace(coarse, rounding=0.0).needs_float32(found).any()


def test_a_file_gets_the_answer_that_evaluation_kept_for_it(trained, predictor, demo):
    kept = trained.results.predictions(3, "test").head(5)
    answers = predictor.predict([read_image(demo / path) for path in kept["path"]])
    assert [answer.probability for answer in answers] == pytest.approx(list(kept["probability"]), abs=NEAR)
    assert {answer.label for answer in answers} <= {"NORMAL", "PNEUMONIA"}


def test_a_probability_at_the_threshold_is_pneumonia(predictor, demo):
    image = read_image(next((demo / "test/NORMAL").iterdir()))
    probability = predictor.predict([image])[0].probability
    for threshold, label in ((probability, "PNEUMONIA"), (np.nextafter(probability, 1), "NORMAL")):
        record = replace(predictor.record, threshold=threshold)
        assert replace(predictor, record=record).predict([image])[0].label == label


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
    models = answering_models()
    assert [model.stage.number for model in models] == [1, 2, 3]
    assert all("SYNTHETIC" in model.title and "trained" in model.title for model in models)


def test_a_broken_file_is_not_offered_and_not_loaded(tmp_path):
    (tmp_path / "vgg_unfrozen.h5").write_bytes(b"broken")
    assert published_models(tmp_path) == []
    with pytest.raises(WeightsError):
        load_predictor(tmp_path / "vgg_unfrozen.h5")
