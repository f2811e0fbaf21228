"""What each stage trains: everything else is frozen."""

import keras

from core.architecture import WEIGHTED, is_trained
from core.config import ALL_LAYERS, Stage
from core.network.model import leaf_layers


def freeze(model: keras.Model, stage: Stage) -> None:
    """Make exactly those layers of `model` trainable that `stage` trains.

    Frozen batch normalisation keeps its averages and normalises by them, as Keras has it.
    """
    known = {layer.name: layer for layer in WEIGHTED}
    for layer in leaf_layers(model):
        if layer.name in known:
            layer.trainable = is_trained(known[layer.name], stage)
        elif layer.weights:  # of another backbone
            layer.trainable = stage.trains == ALL_LAYERS or layer.name in stage.trains


def trained_variables(model: keras.Model) -> list[str]:
    """Paths of the variables that training changes, such as `fc1/kernel`."""
    return [variable.path for variable in model.trainable_variables]
