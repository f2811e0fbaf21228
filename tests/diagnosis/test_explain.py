import numpy as np
import pytest

from core.architecture import HEAD, LAST_CONVOLUTION
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.diagnosis.explain import doubt, heat_map, log_odds_gradient
from core.images import read
from core.network import build, segment, set_arrays
from core.weights import read_model


def random_head(seed: int) -> dict:
    random = np.random.default_rng(seed)
    scale = {layer.name: (2 / layer.kernel[0]) ** 0.5 for layer in HEAD}
    return {
        layer.name: (
            random.normal(0, scale[layer.name], layer.kernel).astype(np.float32),
            np.zeros(layer.kernel[-1], np.float32),
        )
        for layer in HEAD
    }


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(3), "float32")


@pytest.fixture(scope="module")
def activations(predictor, demo):
    return predictor.engine.activations(np.array(open_dataset(demo).pixels[:6]), "float32")


def test_the_gradient_is_that_of_keras(trained, predictor, activations):
    """By differences: Keras's own log-odds a small step along the gradient, and along a random direction."""
    network = build()
    set_arrays(network, read_model(trained.weights_path(3))[0])
    before_the_last = segment(network, LAST_CONVOLUTION, "fc2")
    kernel, bias = (values.astype(np.float64) for values in network.get_layer("predictions").get_weights())

    def odds(values: np.ndarray) -> float:
        inputs = values.transpose(1, 2, 0)[np.newaxis].astype(np.float32)
        hidden = before_the_last.predict(inputs, verbose=0)[0]
        scores = hidden.astype(np.float64) @ kernel + bias
        return scores[1] - scores[0]

    here = activations[0]
    slope = log_odds_gradient(here, predictor.head)
    direction = slope / np.linalg.norm(slope)
    step = 1e-3 * np.linalg.norm(here)
    rise = (odds(here + step * direction) - odds(here - step * direction)) / (2 * step)
    assert rise == pytest.approx(np.linalg.norm(slope), rel=0.02)


def test_another_head_gives_another_map(activations):
    # The randomisation test of Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.
    similar = []
    for film in activations:
        one, other = (heat_map(film, random_head(seed)).values for seed in (1, 2))
        similar.append(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    assert np.mean(similar) < 0.8


def test_a_map_is_largest_where_what_speaks_for_pneumonia_is():
    head = {
        layer.name: (np.full(layer.kernel, 1e-3, np.float32), np.zeros(layer.kernel[-1], np.float32))
        for layer in HEAD
    }
    head["predictions"][0][:, 0] = 0
    film = np.zeros((512, 8, 8), np.float32)
    film[:, 4, 3] = 1
    found = heat_map(film, head)
    assert np.unravel_index(found.values.argmax(), (8, 8)) == (4, 3)
    grey = np.full((128, 128), 90, np.uint8)
    assert doubt(found, grey) == ""
    outside = grey.copy()
    outside[64:80, 48:64] = 2
    assert "outside the body" in doubt(found, outside)
    peaks = np.zeros((8, 8))
    peaks[4, 3] = 0.8
    assert "on 80% of all films" in doubt(found, grey, peaks)
    film = np.zeros((512, 8, 8), np.float32)
    film[:, 0, 7] = 1
    assert "corner" in doubt(heat_map(film, head), grey)
    head["predictions"][0][:, 0] = 1
    assert "Nothing in this film" in doubt(heat_map(film, head), grey)


def test_a_map_fits_its_film(predictor, demo):
    film = read(next((demo / "test/PNEUMONIA").iterdir()))
    look = predictor.look([film], heat=True)[0]
    heat = look.heat.over(film.pixels)
    assert look.prediction.probability == pytest.approx(predictor.predict([film])[0].probability, abs=1e-6)
    assert heat.shape == film.pixels.shape and heat.min() >= 0 and heat.max() <= 1
