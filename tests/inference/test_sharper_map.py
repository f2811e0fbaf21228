"""The sharper heat map: its gradient, its place, and where there is none."""

import numpy as np
import pytest
import tensorflow as tf
from short_runs import NARROW, random_weights

from core.anatomy import Lungs
from core.dataset import open_dataset
from core.images import network_input, read_image
from core.inference import HeatMap, Reader, SharperMap, file_results, load_network
from core.inference.engine import Engine
from core.inference.sharpened_reading import NOT_OF_MODEL
from core.inference.sharper_map import sharper_values
from core.network import build, segment, set_arrays
from core.weights import read_model

pytestmark = pytest.mark.slow

LAYER = NARROW.layer(NARROW.sharper_map_layer)
ROWS, COLUMNS, CHANNELS = LAYER.output


def test_activations_and_their_gradient_are_those_of_keras():
    arrays = random_weights(NARROW.weighted)
    network, engine = build(backbone=NARROW), Engine.of(arrays, "imagenet", backbone=NARROW)
    set_arrays(network, arrays)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2, 128, 128)).astype(np.uint8)
    theirs = np.asarray(segment(network, None, LAYER.name)(network_input(pixels)))
    ours = engine.sharper_activations(pixels, "float32").transpose(0, 2, 3, 1)
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()

    kernel, _ = network.get_layer("predictions").get_weights()
    cells = tf.constant(random.random((6, ROWS, COLUMNS, CHANNELS)), tf.float32)  # no two of a window equal
    with tf.GradientTape() as tape:
        tape.watch(cells)
        odds = segment(network, LAYER.name, "fc2")(cells) @ (kernel[:, 1:] - kernel[:, :1])
    theirs = np.asarray(tape.gradient(odds, cells))
    ours = engine.gradient(np.asarray(cells).transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_a_network_from_the_cache_has_the_same_gradient(trained):
    """Read from a file, OpenVINO's ConvolutionBackpropData gave another one."""
    path = trained.weights_path(3)
    arrays, record = read_model(path)
    values = np.random.default_rng(0).random((2, CHANNELS, ROWS, COLUMNS), np.float32)
    made = Engine.of(arrays, record.scaling, backbone=NARROW).gradient(values)
    for _ in range(2):  # put into the cache at the latest by the first, mapped by the second
        mapped = load_network(path, "float32").engine.gradient(values)
        assert np.abs(mapped - made).max() < 1e-4 * np.abs(made).max()


def test_another_head_gives_another_map(demo):
    """The randomisation test of Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018."""
    body = random_weights(NARROW.weighted_body)
    one, other = (
        Engine.of({**body, **random_weights(NARROW.weighted_head, seed)}, "imagenet", backbone=NARROW)
        for seed in (1, 2)
    )
    activations = one.sharper_activations(np.array(open_dataset(demo).pixels[:6]), "float32")
    normal = activations.mean(axis=0)
    maps = [sharper_values(activations, engine.gradient(activations), normal) for engine in (one, other)]
    similar = [np.corrcoef(first.ravel(), second.ravel())[0, 1] for first, second in zip(*maps, strict=True)]
    assert maps[0].shape == (6, ROWS, COLUMNS) and np.mean(similar) < 0.8


def test_a_normal_image_has_an_empty_map():
    values = np.random.default_rng(0).random((1, CHANNELS, ROWS, COLUMNS), np.float32)
    assert not sharper_values(values, np.ones_like(values), values[0]).any()
    higher = values.copy()
    higher[0, :, 5, 11] += 1
    (found,) = sharper_values(higher, np.ones_like(values), values[0])
    assert HeatMap(found).peak == (5, 11) and found[5, 11] == 1


def given_lungs() -> Lungs:
    """One on the left, one on the right of the image, each of a quarter of its width."""
    probabilities = np.zeros((2, 128, 128), np.float32)
    probabilities[0, 16:112, 16:48] = 1
    probabilities[1, 16:112, 80:112] = 1
    return Lungs(probabilities, (0.125, 0.125, 0.875, 0.875), 0.1875, 0.1875)


def test_only_what_lies_in_the_lungs_is_drawn_and_the_rest_is_said():
    values = np.zeros((ROWS, COLUMNS), np.float32)
    values[8, 4], values[1, 8] = 0.5, 1  # in the right lung; above the lungs, between them
    drawn = SharperMap(HeatMap(values), given_lungs())
    heat, mask = drawn.over(np.zeros((256, 300), np.uint8)), given_lungs().mask(256, 300)
    assert heat.shape == (256, 300) and not heat[~mask].any() and heat.max() == 1
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row / 256 - 8.5 / 16) < 0.02 and abs(column / 300 - 4.5 / 16) < 0.02
    assert drawn.inside == pytest.approx(1 / 3, abs=0.05) and f"{drawn.inside:.0%}" in drawn.sentence()
    empty = SharperMap(HeatMap(np.zeros((ROWS, COLUMNS), np.float32)), given_lungs())
    assert empty.inside is None and "empty" in empty.sentence() and not empty.over(mask).any()


def test_a_model_of_whole_images_has_none_and_says_so(trained, demo):
    path = next((demo / "test/PNEUMONIA").iterdir())
    reader = Reader(trained.weights_path(3))
    (result,) = file_results(reader, [("a", lambda: read_image(path))], sharper=True, anyway=True)["results"]
    assert result["sharper_note"] == NOT_OF_MODEL and "sharper_heatmap" not in result
    assert reader.sharper_note == NOT_OF_MODEL and reader.reference and reader.reference.normal is None
    (plain,) = file_results(reader, [("a", lambda: read_image(path))], anyway=True)["results"]
    assert not any(name.startswith("sharper") for name in plain)
