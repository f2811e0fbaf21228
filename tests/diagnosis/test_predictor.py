import threading

import numpy as np
import pytest

from core.dataset import open_dataset
from core.diagnosis import available_models, load_predictor
from core.images import network_input, read
from core.network import build, set_arrays
from core.weights import WeightsError, read_model


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(3))


def test_the_compiled_model_answers_as_keras_does(trained, predictor, demo):
    pixels = np.array(open_dataset(demo).pixels)
    arrays, _ = read_model(trained.weights_path(3))
    network = build()
    set_arrays(network, arrays)
    theirs = network.predict(network_input(pixels), verbose=0)[:, 1]
    assert np.abs(predictor.probabilities(pixels) - theirs).max() < 1e-4


def test_a_file_gets_the_answer_that_evaluation_kept_for_it(trained, predictor, demo):
    kept = trained.predictions(3, "test").head(5)
    answers = predictor.predict([read(demo / path) for path in kept["path"]])
    assert [answer.probability for answer in answers] == pytest.approx(list(kept["probability"]), abs=1e-4)
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
    assert available_models(tmp_path) == []
    with pytest.raises(WeightsError):
        load_predictor(tmp_path / "vgg_unfrozen.h5")
