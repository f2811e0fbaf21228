import numpy as np
import pytest
from short_runs import NARROW, random_weights

from core.dataset import open_dataset
from core.images import read_image
from core.inference import load_predictor
from core.inference.engine import Engine
from core.inference.heat_map import heat_map
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


def test_the_slope_is_that_of_keras(trained, predictor, activations):
    """By differences: Keras's own log-odds a small step along the slope, and along another direction."""
    network = build(backbone=NARROW)
    set_arrays(network, read_model(trained.weights_path(3))[0])
    before_the_last = segment(network, NARROW.body[-1].name, "fc2")
    kernel, bias = (values.astype(np.float64) for values in network.get_layer("predictions").get_weights())
    rows, columns, channels = NARROW.output

    def odds(flat: np.ndarray) -> float:
        hidden = np.asarray(before_the_last(flat.reshape(1, rows, columns, channels).astype(np.float32)))[0]
        scores = hidden.astype(np.float64) @ kernel + bias
        return scores[1] - scores[0]

    here = np.asarray(
        segment(network, NARROW.heat_map_layer, NARROW.body[-1].name)(_channels_last(activations))
    )
    slopes = predictor.engine.slope(predictor.engine.head(activations))
    assert slopes.shape == (len(activations), channels)
    random, cells = np.random.default_rng(0).standard_normal(channels), rows * columns
    for flat, slope in zip(here, slopes, strict=True):
        for direction in (slope, random * np.linalg.norm(slope) + slope):  # the same in every cell
            step = direction / np.linalg.norm(direction) * 1e-3 * np.linalg.norm(flat) / np.sqrt(cells)
            everywhere = np.tile(step, cells)
            rise = odds(flat.ravel() + everywhere) - odds(flat.ravel() - everywhere)
            assert rise == pytest.approx(2 * cells * float(slope @ step), rel=0.05)


def _channels_last(activations: np.ndarray) -> np.ndarray:
    return activations.transpose(0, 2, 3, 1)


def test_another_head_gives_another_map(demo):
    """The randomisation test of Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018."""
    body = random_weights(NARROW.weighted_body)
    one, other = (
        Engine.of({**body, **random_weights(NARROW.weighted_head, seed)}, "imagenet", 0, NARROW)
        for seed in (1, 2)
    )
    activations = one.activations(np.array(open_dataset(demo).pixels[:6]), "float32")
    slopes = [engine.slope(engine.head(activations)) for engine in (one, other)]
    similar = []
    for image, *pair in zip(activations, *slopes, strict=True):
        maps = [heat_map(image, slope).values.ravel() for slope in pair]
        similar.append(np.corrcoef(*maps)[0, 1])
    assert np.mean(similar) < 0.8


def test_a_map_is_largest_where_what_speaks_for_pneumonia_is():
    slope = np.ones(64, np.float32)
    image = np.zeros((64, 8, 8), np.float32)
    image[:, 4, 3] = 1
    found = heat_map(image, slope)
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
    assert "corner" in doubt(heat_map(image, slope), grey)
    assert "No region of this image" in doubt(heat_map(image, -slope), grey)


def test_a_map_fits_its_image(predictor, demo):
    image = read_image(next((demo / "test/PNEUMONIA").iterdir()))
    output = predictor.outputs([image], heat=True)[0]
    heat = output.heat.over(image.pixels)
    assert output.prediction.probability == pytest.approx(predictor.predict([image])[0].probability, abs=1e-6)
    assert heat.shape == image.pixels.shape and heat.min() >= 0 and heat.max() <= 1
