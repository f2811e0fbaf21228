"""Freezing all layers but those that a stage trains."""

import keras

from core.architecture import DENSE_LAYERS
from core.config import Stage


def freeze(model: keras.Model, stage: Stage) -> None:
    """Make exactly those layers of `model` trainable that `stage` trains.

    Frozen batch normalisation uses its moving averages and does not update them.
    """
    for layer in model.layers:
        if layer.weights:
            layer.trainable = layer.name in DENSE_LAYERS or layer.name in stage.trained_layers
