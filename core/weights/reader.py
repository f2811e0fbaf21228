"""Reading weights files as arrays, by layer, with shapes checked before memory is spent.

`core.weights.layouts` and `core.weights.packed` find them; nothing in the file is ever executed or unpickled.
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
from core.weights.layouts import located
from core.weights.packed import is_packed, unpacked
from core.weights.record import ATTRIBUTE, ModelRecord

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]  # layer name -> (kernel, bias), float32


class WeightsError(UserError):
    """A weights file that cannot be used; the sentence names the file and what differs."""


def read_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """All weights of the network, and what the file says of itself.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with _opened(path) as file:
        return _layers(file, WEIGHTED, path), _record(file)


def read_backbone(path: str | Path) -> Arrays:
    """Weights of VGG19 without its top, from a file in Keras's no-top layout (or a whole model).

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with _opened(path) as file:
        return _layers(file, BACKBONE, path)


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


def _layers(file: h5py.File, layers: tuple[Layer, ...], path: Path) -> Arrays:
    if is_packed(file):
        return {layer.name: _finite(unpacked(file, layer), layer, path) for layer in layers}
    found = located(file)
    return {layer.name: _layer(found, layer, path) for layer in layers}


def _layer(found: dict[str, list[h5py.Dataset]], layer: Layer, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if layer.name not in found:
        names = list(found)
        shown = ", ".join(names[:4]) or "nothing"
        raise WeightsError(
            f"{path.name} holds another architecture: it has no layer {layer.name} (it holds {shown}"
            f"{', ...' if len(names) > 4 else ''}). Choose a file of VGG19 as trained here."
        )
    datasets = found[layer.name]
    by_shape = {dataset.shape: dataset for dataset in datasets}
    if len(datasets) != 2 or set(by_shape) != {layer.kernel, layer.kernel[-1:]}:
        shown = " and ".join(str(shape) for shape in by_shape) or "nothing"
        raise WeightsError(
            f"{path.name} holds another architecture: {layer.name} has weights of shape {shown}, "
            f"expected {layer.kernel} and {layer.kernel[-1:]}. Choose a file of VGG19 as trained here."
        )
    return _finite((_array(by_shape[layer.kernel]), _array(by_shape[layer.kernel[-1:]])), layer, path)


def _array(dataset: h5py.Dataset) -> np.ndarray:
    if dataset.dtype.kind != "f":
        raise ValueError("not floating-point numbers")
    return dataset[()].astype(np.float32, copy=False)


def _finite(arrays: tuple[np.ndarray, np.ndarray], layer: Layer, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not all(np.isfinite(values).all() for values in arrays):
        raise WeightsError(f"{path.name}: {layer.name} holds values that are not numbers. Train it again.")
    return arrays
