"""The data against what keras.applications builds."""

import keras
import pytest

from core.architecture import BACKBONES

pytestmark = pytest.mark.slow

RENAMED = {  # layers that Keras numbers anew in every process
    "ZeroPadding2D": "zero_padding",
    "Rescaling": "rescaling",
    "Normalization": "normalization",
}
KINDS = {
    **RENAMED,
    "Conv2D": "convolution",
    "DepthwiseConv2D": "depthwise_convolution",
    "BatchNormalization": "batch_normalization",
    "Activation": "activation",
    "MaxPooling2D": "max_pool",
    "AveragePooling2D": "average_pool",
    "GlobalAveragePooling2D": "global_average_pool",
    "Reshape": "reshape",
    "Dropout": "dropout",
    "Add": "add",
    "Multiply": "multiply",
    "Concatenate": "concatenate",
}


@pytest.fixture(scope="module", params=BACKBONES)
def backbone(request):
    return BACKBONES[request.param]


@pytest.fixture(scope="module")
def keras_layers(backbone):
    make = getattr(keras.applications, backbone.application)
    return make(include_top=False, weights=None, input_shape=(128, 128, 3)).layers[1:]


def test_names_kinds_shapes_and_weights_are_those_of_keras(backbone, keras_layers):
    assert len(backbone.body) == len(keras_layers)
    for ours, theirs in zip(backbone.body, keras_layers, strict=True):
        kind = type(theirs).__name__
        assert ours.kind == KINDS[kind]
        assert ours.name == theirs.name or kind in RENAMED
        assert ours.output == theirs.output.shape[1:]
        assert list(ours.weights) == [(weight.name, weight.shape) for weight in theirs.weights]


def test_attributes_are_those_of_keras(backbone, keras_layers):
    for ours, theirs in zip(backbone.body, keras_layers, strict=True):
        config = theirs.get_config()
        if "strides" in config:
            assert (ours.stride, ours.stride) == tuple(config["strides"])
            assert ours.padding == config["padding"]
        if "pool_size" in config:
            assert (ours.size, ours.size) == tuple(config["pool_size"])
        if "activation" in config:
            assert (ours.activation or "linear") == config["activation"]
        if "epsilon" in config:
            assert ours.epsilon == config["epsilon"]
        if ours.kind == "zero_padding":
            assert (ours.border, ours.border) == tuple(config["padding"])
        if ours.kind == "dropout":
            assert ours.rate == pytest.approx(config["rate"])
            assert ours.noise_shape == tuple(config["noise_shape"])
        if ours.kind == "rescaling":
            assert (ours.factor, 0) == (config["scale"], config["offset"])


def test_the_layers_are_connected_as_in_keras(backbone, keras_layers):
    names = {layer.output: ours.name for layer, ours in zip(keras_layers, backbone.body, strict=True)}
    for ours, theirs in zip(backbone.body[1:], keras_layers[1:], strict=True):
        tensors = theirs.input if isinstance(theirs.input, list) else [theirs.input]
        assert ours.inputs == tuple(names[tensor] for tensor in tensors)


def test_the_cut_and_heat_map_layers_are_the_only_way_through(backbone):
    for name in (backbone.cut_layer, backbone.heat_map_layer):
        position = backbone.position(name)
        before = {layer.name for layer in backbone.layers[:position]}
        assert all(before.isdisjoint(layer.inputs) for layer in backbone.layers[position + 1 :])
