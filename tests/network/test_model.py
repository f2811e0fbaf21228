import keras
import numpy as np
import pytest

from core.architecture import LAYERS, WEIGHTED
from core.config import BACKBONE_CONVOLUTIONS, STAGES
from core.dataset.demo import draw_chest
from core.images import Radiograph, network_input, network_pixels
from core.network import build, freeze, segment, trained_variables


@pytest.fixture(scope="module")
def network():
    return build(seed=0)


def test_layer_names_and_output_shapes_are_those_of_the_table(network):
    assert [layer.name for layer in network.layers] == [
        "radiograph",
        "imagenet_scaling",
        *(layer.name for layer in LAYERS),
        "probabilities",
    ]
    for layer in LAYERS:
        assert network.get_layer(layer.name).output.shape[1:] == layer.output


def test_the_backbone_is_keras_applications_vgg19(network):
    theirs = keras.applications.VGG19(include_top=False, weights=None, input_shape=(128, 128, 3))
    for layer in theirs.layers[1:]:
        ours = network.get_layer(layer.name)
        assert type(ours) is type(layer)
        assert [w.shape for w in ours.weights] == [w.shape for w in layer.weights]
        assert ours.output.shape == layer.output.shape


def test_parameter_counts(network):
    assert network.count_params() == 63_089_602
    assert sum(network.get_layer(name).count_params() for name in BACKBONE_CONVOLUTIONS) == 20_024_384
    for layer in WEIGHTED:
        assert network.get_layer(layer.name).count_params() == layer.parameters


HEAD = [f"{name}/{kind}" for name in ("fc1", "fc2", "predictions") for kind in ("kernel", "bias")]


@pytest.mark.parametrize(
    ("stage", "backbone"),
    [(1, ()), (2, ("block5_conv3", "block5_conv4")), (3, BACKBONE_CONVOLUTIONS)],
)
def test_each_stage_trains_exactly_its_variables(network, stage, backbone):
    freeze(network, STAGES[stage])
    expected = [f"{name}/{kind}" for name in backbone for kind in ("kernel", "bias")] + HEAD
    assert trained_variables(network) == expected


def test_the_first_layer_gives_what_imagenet_weights_expect(network):
    grey = np.repeat(np.random.default_rng(0).random((2, 128, 128, 1), np.float32), 3, axis=-1)
    ours = network.get_layer("imagenet_scaling")(grey)
    theirs = keras.applications.vgg19.preprocess_input(grey * 255)
    assert np.allclose(ours, theirs, atol=1e-4)


def test_without_scaling_the_network_sees_zero_to_one():
    assert "imagenet_scaling" not in [layer.name for layer in build(scaling="unit").layers]


def test_the_seed_decides_the_first_weights(network):
    again, other = build(seed=0), build(seed=1)
    assert np.array_equal(network.get_weights()[-2], again.get_weights()[-2])
    assert not np.array_equal(network.get_weights()[-2], other.get_weights()[-2])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_weights_are_sure_of_nothing(seed):
    random = np.random.default_rng(3)
    films = [Radiograph("film", draw_chest(random, kind), "") for kind in ("bacteria", "virus", None) * 4]
    pixels = np.stack([network_pixels(film) for film in films])
    found = build(seed).predict(network_input(pixels), verbose=0)[:, 1]
    assert ((found > 0.01) & (found < 0.99)).all() and np.ptp(found) > 0.01


def test_segments_in_a_row_are_the_network(network):
    x = np.random.default_rng(0).random((3, 128, 128, 3), np.float32)
    parts = [
        segment(network, None, "block5_conv2"),
        segment(network, "block5_conv2", "block5_pool"),
        segment(network, "block5_pool"),
    ]
    y = x
    for part in parts:
        y = part.predict_on_batch(y)
    assert np.allclose(y, network.predict_on_batch(x), atol=1e-5)
    assert sum(part.count_params() for part in parts) == network.count_params()
