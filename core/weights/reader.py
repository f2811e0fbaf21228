"""Reading weights files as arrays, by layer and weight name, with shapes checked before memory is spent.

Two layouts of Keras are read: a whole model (`model_weights/`) and weights alone (`layer_names` at
the root), both of the flat network that `core.network` builds. Only hard links to ordinary data sets
are followed; nothing in the file is ever executed or unpickled.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from core.architecture import BACKBONE, WEIGHTED, Layer
from core.errors import UserError
from core.weights.record import ATTRIBUTE, ModelRecord

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]  # layer name -> (kernel, bias), float32
MOST_OBJECTS = 5000


class WeightsError(UserError):
    """A weights file that cannot be used; the sentence names the file and what differs."""


def read_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """All weights of the network, and what the file says of itself.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with _opened(path) as file:
        return {layer.name: _layer(file, layer, path) for layer in WEIGHTED}, _record(file)


def read_backbone(path: str | Path) -> Arrays:
    """Weights of VGG19 without its top, from a file in Keras's no-top layout (or a whole model).

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with _opened(path) as file:
        return {layer.name: _layer(file, layer, path) for layer in BACKBONE}


def read_record(path: str | Path) -> ModelRecord:
    """What the file says of itself, without reading its arrays.

    Raises:
        WeightsError: the file is missing or cut short.
    """
    with _opened(Path(path)) as file:
        return _record(file)


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's content, remembered as long as size and time of change stay."""
    status = Path(path).stat()
    return _digest(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(path: str, _size: int, _modified: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}. Train one, or check the path.")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{path.name} is not a Keras HDF5 weights file, or is damaged or cut short. "
            "Copy or train it again."
        ) from error


def _record(file: h5py.File) -> ModelRecord:
    text = file.attrs.get(ATTRIBUTE)
    return ModelRecord.from_text(text) if text else ModelRecord()


def _layer(file: h5py.File, layer: Layer, path: Path) -> tuple[np.ndarray, np.ndarray]:
    root = _child(file, "model_weights") if "model_weights" in file else file
    if layer.name not in root:
        found = ", ".join(list(root)[:4]) or "nothing"
        raise WeightsError(
            f"{path.name} holds another architecture: it has no layer {layer.name} (it holds {found}"
            f"{', ...' if len(root) > 4 else ''}). Choose a file of VGG19 as trained here."
        )
    datasets = list(_datasets(_child(root, layer.name)))
    expected = {layer.kernel, layer.kernel[-1:]}
    by_shape = {dataset.shape: dataset for dataset in datasets}
    if len(datasets) != 2 or set(by_shape) != expected:
        found = " and ".join(str(shape) for shape in by_shape) or "nothing"
        raise WeightsError(
            f"{path.name} holds another architecture: {layer.name} has weights of shape {found}, "
            f"expected {layer.kernel} and {layer.kernel[-1:]}. Choose a file of VGG19 as trained here."
        )
    kernel = _array(by_shape[layer.kernel], layer, path)
    return kernel, _array(by_shape[layer.kernel[-1:]], layer, path)


def _array(dataset: h5py.Dataset, layer: Layer, path: Path) -> np.ndarray:
    values = dataset[()].astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise WeightsError(f"{path.name}: {layer.name} holds values that are not numbers. Train it again.")
    return values


def _datasets(group: h5py.Group, depth: int = 0) -> Iterator[h5py.Dataset]:
    if len(group) > MOST_OBJECTS or depth > 4:
        raise ValueError("too many objects")
    for name in group:
        item = _child(group, name)
        if isinstance(item, h5py.Group):
            yield from _datasets(item, depth + 1)
        elif item.external or item.is_virtual or item.dtype.kind != "f":
            raise ValueError("not a plain array of floating-point numbers")
        else:
            yield item


def _child(group: h5py.Group, name: str):
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError("a link that leaves the file")
    return group[name]
