"""The arrays of each layer in a weights file, with shapes checked before any memory is allocated."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np

from core.architecture import Backbone, Layer
from core.errors import UserError
from core.sentence import Sentence
from core.weights.chunks import read_chunks
from core.weights.layouts import LocatedArrays, locate_arrays
from core.weights.packed import is_packed, stored_layer
from core.weights.quantised_kernel import QuantisedKernel, StoredArray, unpacked

BFLOAT16 = {"|V2": "bfloat16"}  # as HDF5 knows the type
SEEDS = "seed"  # part of the names of random generators' states, which dropout keeps
Arrays = dict[str, tuple[np.ndarray, ...]]  # layer name -> weights in Keras's order, float32
# The same; quantised kernels as a packed file holds them.
StoredArrays = Mapping[str, tuple[StoredArray, ...]]


class WeightsError(UserError):
    """A weights file that cannot be used; the message names the file and the difference."""


def layer_arrays(
    file: h5py.File, backbone: Backbone, layers: tuple[Layer, ...], path: Path, all_known: bool = False
) -> StoredArrays:
    """The arrays of some layers, compared with our architecture.

    Args:
        file: an open weights file.
        backbone: of the network.
        layers: of it, whose arrays are wanted.
        path: of the file, for messages.
        all_known: whether arrays of other layers are refused.

    Raises:
        WeightsError: an array is missing, or has another shape or type, or values that are not numbers.
    """
    if is_packed(file):
        return {layer.name: checked_finite(stored_layer(file, layer), layer, path) for layer in layers}
    arrays = locate_arrays(file, backbone, ignored=SEEDS)
    unknown = sorted(set(arrays) - {layer.name for layer in layers})
    if all_known and unknown and {layer.name for layer in layers} <= set(arrays):
        raise WeightsError(
            Sentence(
                "{name} has another architecture: it has weights of {choices}, which {title} as trained "
                "here has not. It would give other results than in Keras.",
                name=path.name,
                choices=", ".join(unknown[:4]),
                title=backbone.title,
            )
        )
    return {layer.name: _layer(arrays, layer, backbone, path) for layer in layers}


def _layer(arrays: LocatedArrays, layer: Layer, backbone: Backbone, path: Path) -> tuple[StoredArray, ...]:
    if layer.name not in arrays:
        names = list(arrays)
        listed = ", ".join(names[:4]) or "nothing"
        raise WeightsError(
            Sentence(
                "{name} has another architecture: it has no layer {layer} (it has {listed}{more}). "
                "Choose a file of {title} as trained here.",
                name=path.name,
                layer=layer.name,
                listed=listed,
                more=", ..." if len(names) > 4 else "",
                title=backbone.title,
            )
        )
    datasets = list(_in_keras_order(arrays[layer.name], layer))
    shapes, expected = [dataset.shape for dataset in datasets], [weight.shape for weight in layer.weights]
    if shapes != expected:
        raise WeightsError(
            Sentence(
                "{name} has another architecture: {layer} has weights of shape {shapes}, expected "
                "{expected}. Choose a file of {title} as trained here.",
                name=path.name,
                layer=layer.name,
                shapes=_listed(shapes),
                expected=_listed(expected),
                title=backbone.title,
            )
        )
    weights = zip(datasets, layer.weights, strict=True)
    return checked_finite(tuple(_array(dataset, weight.name) for dataset, weight in weights), layer, path)


def _in_keras_order(datasets: dict[str, h5py.Dataset], layer: Layer) -> Iterator[h5py.Dataset]:
    """The arrays of a layer in the order of its weights.

    Kernel and bias are identified by shape, other arrays by name, or by number in the newer layout.
    """
    if len(layer.weights) <= 2:
        order = {weight.shape: position for position, weight in enumerate(layer.weights)}
        yield from sorted(datasets.values(), key=lambda dataset: order.get(dataset.shape, len(order)))
        return
    by_name = {path.split("/")[-1].removesuffix(":0"): dataset for path, dataset in datasets.items()}
    for number, weight in enumerate(layer.weights):
        if dataset := by_name.get(weight.name, by_name.get(str(number))):
            yield dataset


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"


def _array(dataset: h5py.Dataset, name: str) -> np.ndarray:
    if dataset.dtype.kind not in ("if" if name == "count" else "f"):
        raise WeightsError(
            Sentence(
                "The weights are numbers of type {kind}, as of quantised or bfloat16 models. Save the "
                "model in float32, before it is quantised.",
                kind=BFLOAT16.get(dataset.dtype.str, dataset.dtype),
            )
        )
    return np.asarray(read_chunks(dataset), np.float32)


def checked_finite(arrays: tuple[StoredArray, ...], layer: Layer, path: Path) -> tuple[StoredArray, ...]:
    """The arrays; raises WeightsError if one holds values that are not numbers."""
    if not all(map(_finite, arrays)):
        raise WeightsError(
            Sentence(
                "{name}: {layer} contains values that are not numbers. Train it again.",
                name=path.name,
                layer=layer.name,
            )
        )
    return arrays


def _finite(stored: StoredArray) -> bool:
    if isinstance(stored, QuantisedKernel):
        largest = np.float32(np.iinfo(stored.levels.dtype).max)
        return bool(np.isfinite(stored.scale * largest).all())
    return bool(np.isfinite(stored).all())


def unpacked_layers(arrays: StoredArrays) -> Arrays:
    """The same with every kernel as float32."""
    return {name: tuple(map(unpacked, stored)) for name, stored in arrays.items()}
