"""The network of `core.architecture`, built in Keras, flat: every layer by its own name."""

import keras

from core.architecture import DROPOUT, IMAGENET_MEAN_BGR, LAYERS, Layer
from core.config import IMAGE_SIZE


def build(seed: int = 0, scaling: str = "imagenet", precision: str = "float32") -> keras.Model:
    """VGG19 without its top, Flatten, Dense 4608, Dropout 0.2, Dense 1152, softmax over 2.

    Args:
        seed: of the first weights and of dropout.
        scaling: `imagenet` puts a first layer that turns [0, 1] into what ImageNet weights expect
            (0..255, mean subtracted, in BGR order: the three channels of a radiograph are equal, so
            only the means have an order); `unit` leaves [0, 1] as it is.
        precision: in which the convolutions compute, `float32` or `bfloat16`; all weights, the head and
            the probabilities are float32 either way.

    Returns:
        Model from (n, 128, 128, 3), float32 in [0, 1], to (n, 2) probabilities.
    """
    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), name="radiograph")
    x = inputs
    if scaling == "imagenet":
        offset = [-mean for mean in IMAGENET_MEAN_BGR]
        x = keras.layers.Rescaling(255.0, offset=offset, name="imagenet_scaling")(x)
    for number, layer in enumerate(LAYERS):
        x = _keras_layer(layer, seed * 1000 + number, precision)(x)
    return keras.Model(inputs, x, name="pneumonia_vgg19")


def _keras_layer(layer: Layer, seed: int, precision: str) -> keras.layers.Layer:
    layers = keras.layers
    policy = "mixed_bfloat16" if precision == "bfloat16" and layer.block else "float32"
    if layer.kind == "convolution":
        # He et al. 2015: without it a VGG19 from random weights hardly starts to learn.
        first = keras.initializers.HeNormal(seed)
        filters = layer.kernel[-1]
        return layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=first,
            dtype=policy,
            name=layer.name,
        )
    if layer.kind == "pool":
        return layers.MaxPooling2D(2, dtype=policy, name=layer.name)
    if layer.kind == "flatten":
        return layers.Flatten(name=layer.name)
    if layer.kind == "dropout":
        return layers.Dropout(DROPOUT, seed=seed, name=layer.name)
    activation = "softmax" if layer.name == "predictions" else "relu"
    first = keras.initializers.GlorotUniform(seed)
    return layers.Dense(layer.kernel[-1], activation, kernel_initializer=first, name=layer.name)
