"""Weights of a Keras model out to a file, and arrays in from one."""

import logging
from pathlib import Path

import h5py
import keras

from core import atomic
from core.weights import ModelRecord, read_model, read_record
from core.weights.record import ATTRIBUTE

WEIGHTS_ALONE = ".weights.h5"


def save(model: keras.Model, path: Path, record: ModelRecord) -> None:
    """Write a whole-model `.h5`, readable by `keras.models.load_model`, with its record inside.

    To a path that ends in `.weights.h5`, of another backbone than VGG19, weights alone.

    Raises:
        UserError: the disk is full or the folder not writable; an earlier file stays as it was.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)  # Keras's note that .h5 is a legacy format
    path = Path(path)
    with atomic.replacing(path) as temporary:
        if path.name.endswith(WEIGHTS_ALONE):
            model.save_weights(temporary, overwrite=True)
        else:
            model.save(temporary, overwrite=True, include_optimizer=False)
        with h5py.File(temporary, "r+") as file:
            file.attrs[ATTRIBUTE] = record.to_text()


def restore(model: keras.Model, path: Path) -> ModelRecord:
    """Put what `save` wrote back into the network that it was written from; returns its record.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    if not path.name.endswith(WEIGHTS_ALONE):
        arrays, record = read_model(path)
        set_arrays(model, arrays)
        return record
    record = read_record(path)
    model.load_weights(path)
    return record


def set_arrays(model: keras.Model, arrays: dict) -> None:
    """Put arrays of `core.weights` into the layers of their names; other layers stay as they are."""
    for name, (kernel, bias) in arrays.items():
        model.get_layer(name).set_weights([kernel, bias])
