"""Saving the weights of a Keras network to a file, and loading them."""

import logging
from pathlib import Path

import keras

from core import atomic
from core.weights import Arrays, ModelRecord, read_model, write_record


def save(model: keras.Model, path: Path, record: ModelRecord) -> None:
    """Save a network as a whole model, readable by `keras.models.load_model`, with its record.

    Raises:
        UserError: the disk is full or the folder is not writable; an earlier file stays as it was.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)  # Keras's warning that .h5 is a legacy format
    with atomic.replacing(Path(path)) as temporary:
        model.save(temporary, overwrite=True, include_optimizer=False)
        write_record(temporary, record)


def restore(model: keras.Model, path: Path) -> ModelRecord:
    """Load saved weights into a network of the same architecture; returns their record.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    arrays, record = read_model(path)
    set_arrays(model, arrays)
    return record


def set_arrays(model: keras.Model, arrays: Arrays) -> None:
    """Set the weights of layers by name; other layers are unchanged."""
    for name, weights in arrays.items():
        layer = model.get_layer(name)
        layer.set_weights(list(weights))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its weights
