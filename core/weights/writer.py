"""Writing plain arrays as a weights file, without Keras."""

from pathlib import Path

import h5py
import numpy as np

from core import atomic
from core.architecture import WEIGHTED
from core.weights.reader import Arrays
from core.weights.record import ATTRIBUTE, ModelRecord


def write_model(path: Path, arrays: Arrays, record: ModelRecord) -> None:
    """Write all weights of the network in the older layout of weights alone, with their record.

    Keras reads it with `load_weights` into the flat network.

    Raises:
        UserError: the disk is full or the folder not writable; an earlier file stays as it was.
    """
    with atomic.replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name.encode() for layer in WEIGHTED])
        file.attrs[ATTRIBUTE] = record.to_text()
        for layer in WEIGHTED:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = np.array([b"kernel", b"bias"])
            group["kernel"], group["bias"] = arrays[layer.name]
