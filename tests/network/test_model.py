import keras
import numpy as np
import pytest
from short_runs import NARROW

from core.architecture import VGG19
from core.config import STAGES
from core.dataset.synthetic import draw_chest
from core.images import Image, network_input, network_pixels
from core.network import build, freeze, segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network():
    return build(seed=0)


@pytest.fixture(scope="module")
def narrow():
    return build(seed=0, backbone=NARROW)


def test_layer_names_and_output_shapes_are_those_of_the_table(network):
    assert [layer.name for layer in network.layers] == [
        "radiograph",
        "scaling",
        *(layer.name for layer in VGG19.layers),
        "probabilities",
    ]
    for layer in VGG19.layers:
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
    assert sum(network.get_layer(name).count_params() for name in STAGES[3].trained_layers) == 20_024_384
    for layer in VGG19.weighted:
        assert network.get_layer(layer.name).count_params() == layer.parameters


HEAD = [f"{name}/{kind}" for name in ("fc1", "fc2", "predictions") for kind in ("kernel", "bias")]


@pytest.mark.parametrize(
    ("stage", "backbone"),
    [(1, ()), (2, ("block5_conv3", "block5_conv4")), (3, STAGES[3].trained_layers)],
)
def test_each_stage_trains_exactly_its_variables(network, stage, backbone):
    freeze(network, STAGES[stage])
    expected = [f"{name}/{kind}" for name in backbone for kind in ("kernel", "bias")] + HEAD
    assert [variable.path for variable in network.trainable_variables] == expected


def test_the_first_layer_gives_what_imagenet_weights_expect(network):
    grey = np.repeat(np.random.default_rng(0).random((2, 128, 128, 1), np.float32), 3, axis=-1)
    ours = network.get_layer("scaling")(grey)
    theirs = keras.applications.vgg19.preprocess_input(grey * 255)
    assert np.allclose(ours, theirs, atol=1e-4)


def test_without_scaling_the_network_sees_zero_to_one():
    assert "scaling" not in [layer.name for layer in build(scaling="unit", backbone=NARROW).layers]


def test_the_seed_decides_the_first_weights(narrow):
    again, other = (build(seed=seed, backbone=NARROW) for seed in (0, 1))
    assert np.array_equal(narrow.get_weights()[-2], again.get_weights()[-2])
    assert not np.array_equal(narrow.get_weights()[-2], other.get_weights()[-2])


def test_random_weights_are_sure_of_nothing(network):
    random = np.random.default_rng(3)
    images = [Image("image", draw_chest(random, kind), "") for kind in ("bacteria", "virus", None) * 4]
    pixels = np.stack([network_pixels(image) for image in images])
    found = network.predict(network_input(pixels), verbose=0)[:, 1]
    assert ((found > 0.01) & (found < 0.99)).all() and np.ptp(found) > 0.01


def test_segments_in_a_row_are_the_network(narrow):
    x = np.random.default_rng(0).random((3, 128, 128, 3), np.float32)
    parts = [
        segment(narrow, None, "block5_conv2"),
        segment(narrow, "block5_conv2", "block5_pool"),
        segment(narrow, "block5_pool"),
    ]
    y = x
    for part in parts:
        y = part.predict_on_batch(y)
    assert np.allclose(y, narrow.predict_on_batch(x), atol=1e-5)
    assert sum(part.count_params() for part in parts) == narrow.count_params()
