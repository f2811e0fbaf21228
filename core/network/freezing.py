"""What each stage trains: everything else is frozen."""

import keras

from core.architecture import WEIGHTED, is_trained
from core.config import Stage


def freeze(model: keras.Model, stage: Stage) -> None:
    """Make exactly those layers of `model` trainable that `stage` trains."""
    for layer in WEIGHTED:
        model.get_layer(layer.name).trainable = is_trained(layer, stage)


def trained_variables(model: keras.Model) -> list[str]:
    """Paths of the variables that training changes, such as `fc1/kernel`."""
    return [variable.path for variable in model.trainable_variables]
