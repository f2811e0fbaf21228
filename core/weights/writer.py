"""Writing arrays as a weights file, without Keras."""

from pathlib import Path

import h5py
import numpy as np

from core import atomic
from core.weights.layer_arrays import Arrays
from core.weights.record import ATTRIBUTE, ModelRecord


def write_model(path: Path, arrays: Arrays, record: ModelRecord) -> None:
    """Write all weights of the network in the older weights-only layout, with their record.

    Keras can read the file with `load_weights`.

    Raises:
        UserError: the disk is full or the folder is not writable; an earlier file stays as it was.
    """
    layers = record.architecture.weighted
    with atomic.replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name.encode() for layer in layers])
        file.attrs[ATTRIBUTE] = record.to_text()
        for layer in layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = np.array([weight.name.encode() for weight in layer.weights])
            for weight, array in zip(layer.weights, arrays[layer.name], strict=True):
                group[weight.name] = array
