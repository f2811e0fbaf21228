"""The lung network in Keras, built from the same layers as the one that answers, and its loss."""

from typing import Any, cast

import keras

from core.architecture import IMAGE_SIZE, LUNG_LAYERS, Layer
from core.network import connected, keras_layer

BATCH_MOMENTUM = 0.95  # of the moving averages: a short training has few batches
SMOOTHING = 12.0  # pixels, so that an image without lungs has a Dice coefficient too


def build(seed: int) -> keras.Model:
    """From images, (n, 128, 128, 1) in 0..255, to the logits of each class, (n, 64, 64, 3)."""

    def make(number: int, layer: Layer) -> keras.layers.Layer:
        return keras_layer(layer, seed * 1000 + number, momentum=BATCH_MOMENTUM)

    inputs = cast(keras.KerasTensor, keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1), name="image"))
    return keras.Model(inputs, connected(LUNG_LAYERS, inputs, make), name="lungs")


def loss(shares: Any, logits: Any) -> Any:
    """Cross-entropy plus one minus the Dice coefficient of each lung; by image, (n,).

    Dice: Milletari, Navab and Ahmadi, "V-Net", 3DV 2016.

    Args:
        shares: of background, right and left lung in each pixel, (n, 64, 64, 3), of sum 1.
        logits: of the same shape.
    """
    ops: Any = keras.ops  # its declared types are of one backend
    entropy = ops.mean(ops.categorical_crossentropy(shares, logits, from_logits=True), axis=(1, 2))
    lungs, probabilities = shares[..., 1:], ops.softmax(logits)[..., 1:]
    both = ops.sum(lungs * probabilities, axis=(1, 2))
    total = ops.sum(lungs + probabilities, axis=(1, 2))
    dice = ops.mean((2 * both + SMOOTHING) / (total + SMOOTHING), axis=-1)
    return entropy + 1 - dice
