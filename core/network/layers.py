"""Layers of `core.architecture` as Keras layers, connected as the data say."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from core.architecture import Layer

MOMENTUM = 0.99  # of the moving averages of batch normalisation, as in keras.applications


def connected(
    layers: Sequence[Layer],
    x: keras.KerasTensor,
    make: Callable[[int, Layer], keras.layers.Layer],
) -> keras.KerasTensor:
    """The output of the last layer.

    Args:
        layers: in an order in which each comes after its inputs.
        x: what the first one takes.
        make: returns the Keras layer for a position and a layer.
    """
    outputs = {layers[0].inputs[0]: x}
    for number, layer in enumerate(layers):
        inputs = [outputs[name] for name in layer.inputs]
        outputs[layer.name] = make(number, layer)(inputs if len(inputs) > 1 else inputs[0])
    return outputs[layers[-1].name]


def keras_layer(
    layer: Layer, seed: int, policy: str = "float32", spread: float = 1.0, momentum: float = MOMENTUM
) -> keras.layers.Layer:
    """A Keras layer of the same name, with its initial weights.

    Args:
        layer: as data.
        seed: of the initial weights and of dropout.
        policy: Keras's data type policy, `float32` or `mixed_bfloat16`.
        spread: standard deviation of the layer's input.
        momentum: of the moving averages of batch normalisation.
    """
    layers = keras.layers
    both: dict[str, Any] = {"name": layer.name, "dtype": policy}
    window: dict[str, Any] = {"strides": layer.stride, "padding": layer.padding, **both}
    match layer.kind:
        case "rescaling":
            return layers.Rescaling(layer.factor, **both)
        case "normalization":
            return layers.Normalization(**both)
        case "zero_padding":
            return layers.ZeroPadding2D((layer.border, layer.border), **both)
        case "convolution" | "depthwise_convolution" | "transposed_convolution":
            return _convolution(layer, seed, spread, window)
        case "batch_normalization":
            return layers.BatchNormalization(momentum=momentum, epsilon=layer.epsilon, **both)
        case "activation":
            return layers.Activation(layer.activation, **both)
        case "max_pool":
            return layers.MaxPooling2D(layer.size, **window)
        case "average_pool":
            return layers.AveragePooling2D(layer.size, **window)
        case "global_average_pool":
            return layers.GlobalAveragePooling2D(**both)
        case "reshape":
            return layers.Reshape(layer.output, **both)
        case "dropout":
            return layers.Dropout(layer.rate, layer.noise_shape or None, seed, **both)
        case "add":
            return layers.Add(**both)
        case "multiply":
            return layers.Multiply(**both)
        case "concatenate":
            return layers.Concatenate(**both)
        case "flatten":
            return layers.Flatten(**both)
        case "dense":
            first: Any = keras.initializers.GlorotUniform(seed)  # Any: Keras infers text
            return layers.Dense(layer.kernel[-1], layer.activation or None, kernel_initializer=first, **both)


def _convolution(layer: Layer, seed: int, spread: float, window: dict[str, Any]) -> keras.layers.Layer:
    """A convolution with initial weights of He et al. 2015.

    Without them a VGG19 with random weights hardly learns; without the spread it predicts 0 or 1 before it
    has learnt anything.
    """
    # Each output of a depthwise convolution has the inputs that Keras counts as its outputs.
    fan: Any = "fan_out" if layer.kind == "depthwise_convolution" else "fan_in"
    first: Any = keras.initializers.VarianceScaling(2 / spread**2, fan, "truncated_normal", seed)
    size = layer.kernel[:2]
    options = {**window, "use_bias": len(layer.weights) > 1, "activation": layer.activation or None}
    if layer.kind == "depthwise_convolution":
        return keras.layers.DepthwiseConv2D(size, depthwise_initializer=first, **options)
    if layer.kind == "transposed_convolution":
        return keras.layers.Conv2DTranspose(layer.kernel[2], size, kernel_initializer=first, **options)
    return keras.layers.Conv2D(layer.kernel[3], size, kernel_initializer=first, **options)
