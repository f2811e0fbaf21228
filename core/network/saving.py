"""Weights of a Keras model out to a file, and arrays in from one."""

import logging
from pathlib import Path

import h5py
import keras

from core import atomic
from core.weights import ModelRecord
from core.weights.record import ATTRIBUTE


def save(model: keras.Model, path: Path, record: ModelRecord) -> None:
    """Write a whole-model `.h5`, readable by `keras.models.load_model`, with its record inside.

    Raises:
        UserError: the disk is full or the folder not writable; an earlier file stays as it was.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)  # Keras's note that .h5 is a legacy format
    with atomic.replacing(Path(path)) as temporary:
        model.save(temporary, overwrite=True, include_optimizer=False)
        with h5py.File(temporary, "r+") as file:
            file.attrs[ATTRIBUTE] = record.to_text()


def set_arrays(model: keras.Model, arrays: dict) -> None:
    """Put arrays of `core.weights` into the layers of their names; other layers stay as they are."""
    for name, (kernel, bias) in arrays.items():
        model.get_layer(name).set_weights([kernel, bias])
