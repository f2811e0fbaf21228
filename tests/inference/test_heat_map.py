import numpy as np
import pytest
from short_runs import NARROW, random_weights

from core.dataset import open_dataset
from core.images import read_image
from core.inference import load_predictor
from core.inference.engine import Engine
from core.inference.heat_map import heat_map, log_odds_gradient
from core.inference.heat_map_doubt import doubt
from core.network import build, segment, set_arrays
from core.weights import read_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(3), "float32")


@pytest.fixture(scope="module")
def activations(predictor, demo):
    return predictor.engine.activations(np.array(open_dataset(demo).pixels[:6]), "float32")


def test_the_gradient_is_that_of_keras(trained, predictor, activations):
    """By differences: Keras's own log-odds a small step along the gradient, and along a random direction."""
    network = build(backbone=NARROW)
    set_arrays(network, read_model(trained.weights_path(3))[0])
    before_the_last = segment(network, NARROW.heat_map_layer, "fc2")
    kernel, bias = (values.astype(np.float64) for values in network.get_layer("predictions").get_weights())

    def odds(values: np.ndarray) -> float:
        inputs = values.transpose(1, 2, 0)[np.newaxis].astype(np.float32)
        hidden = np.asarray(before_the_last(inputs))[0]
        scores = hidden.astype(np.float64) @ kernel + bias
        return scores[1] - scores[0]

    here = activations[0]
    slope = log_odds_gradient(here, predictor.head)
    direction = slope / np.linalg.norm(slope)
    step = 1e-3 * np.linalg.norm(here)
    rise = (odds(here + step * direction) - odds(here - step * direction)) / (2 * step)
    assert rise == pytest.approx(np.linalg.norm(slope), rel=0.02)


def test_another_head_gives_another_map(demo):
    """The randomisation test of Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018."""
    engine = Engine(random_weights(NARROW.weighted), "imagenet", ("float32",), backbone=NARROW)
    one, other = (random_weights(NARROW.weighted_head, seed) for seed in (1, 2))
    similar = []
    for image in engine.activations(np.array(open_dataset(demo).pixels[:6]), "float32"):
        maps = [heat_map(image, head).values.ravel() for head in (one, other)]
        similar.append(np.corrcoef(*maps)[0, 1])
    assert np.mean(similar) < 0.8


def test_a_map_is_largest_where_what_speaks_for_pneumonia_is():
    head = {
        layer.name: (np.full(layer.kernel, 1e-3, np.float32), np.zeros(layer.kernel[-1], np.float32))
        for layer in NARROW.weighted_head
    }
    head["predictions"][0][:, 0] = 0
    image = np.zeros((64, 8, 8), np.float32)
    image[:, 4, 3] = 1
    found = heat_map(image, head)
    assert np.unravel_index(found.values.argmax(), (8, 8)) == (4, 3)
    grey = np.full((128, 128), 90, np.uint8)
    assert doubt(found, grey) == ""
    outside = grey.copy()
    outside[64:80, 48:64] = 2
    assert "outside the body" in doubt(found, outside)
    peaks = np.zeros((8, 8))
    peaks[4, 3] = 0.8
    assert "in 80% of the validation images" in doubt(found, grey, peaks)
    image = np.zeros((64, 8, 8), np.float32)
    image[:, 0, 7] = 1
    assert "corner" in doubt(heat_map(image, head), grey)
    head["predictions"][0][:, 0] = 1
    assert "No region of this image" in doubt(heat_map(image, head), grey)


def test_a_map_fits_its_image(predictor, demo):
    image = read_image(next((demo / "test/PNEUMONIA").iterdir()))
    output = predictor.outputs([image], heat=True)[0]
    heat = output.heat.over(image.pixels)
    assert output.prediction.probability == pytest.approx(predictor.predict([image])[0].probability, abs=1e-6)
    assert heat.shape == image.pixels.shape and heat.min() >= 0 and heat.max() <= 1
