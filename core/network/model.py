"""The network of `core.architecture`, built in Keras, flat: every layer by its own name."""

from typing import Any, cast

import keras

from core.architecture import (
    IMAGE_SIZE,
    IMAGENET_DEVIATION,
    SCALINGS,
    VGG19,
    Backbone,
    Layer,
)
from core.network.layers import connected, keras_layer

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # Keras's, by precision of the body


def build(
    seed: int = 0, scaling: str = "", precision: str = "float32", backbone: Backbone = VGG19
) -> keras.Model:
    """The backbone without its top, Flatten, Dense 4608, Dropout 0.2, Dense 1152, softmax over 2.

    Args:
        seed: of the initial weights and of dropout.
        scaling: one of `SCALINGS`: what a first layer makes of [0, 1]; `unit` leaves it as it is. By default,
            what the ImageNet weights of the backbone expect.
        precision: in which the backbone computes, `float32` or `bfloat16`; all weights, the head and the
            probabilities are float32 either way.
        backbone: at its width.

    Returns:
        Model from (n, 128, 128, 3), float32 in [0, 1], to (n, 2) probabilities.
    """
    scaling = scaling or backbone.scaling
    first = next(layer for layer in backbone.body if layer.kernel)

    def make(number: int, layer: Layer) -> keras.layers.Layer:
        policy = POLICIES[precision] if layer in backbone.body else "float32"
        spread = 255 * IMAGENET_DEVIATION[0] if layer is first and scaling == "imagenet" else 1.0
        return keras_layer(layer, seed * 1000 + number, policy, spread)

    inputs = cast(keras.KerasTensor, keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), name="radiograph"))
    logits = connected(backbone.layers, _scaled(inputs, scaling), make)
    # A layer of its own, because training uses logits: see `core.training.trainable_model`.
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(inputs, probabilities, name=f"pneumonia_{backbone.name}")


def _scaled(inputs: keras.KerasTensor, scaling: str) -> keras.KerasTensor:
    """The input that a backbone expects, from [0, 1]."""
    if scaling == "unit":
        return inputs
    factor: Any = list(SCALINGS[scaling].factor)  # Any: Keras infers a number
    offset: Any = list(SCALINGS[scaling].offset)
    return keras.layers.Rescaling(factor, offset=offset, name="scaling")(inputs)
