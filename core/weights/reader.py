"""Reading a weights file as arrays by layer, with shapes checked before any memory is allocated.

`core.weights.layouts` and `core.weights.packed` locate the arrays; nothing in the file is ever executed or
unpickled.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from core.architecture import VGG19, Backbone, Layer
from core.errors import UserError
from core.sentence import Sentence, joined
from core.weights.chunks import read_chunks
from core.weights.file_kinds import is_keras_archive, other_format
from core.weights.keras_archive import archived_config, archived_weights
from core.weights.keras_graph import ConfigError
from core.weights.layouts import LocatedArrays, detect_backbone, locate_arrays
from core.weights.model_config import check_config
from core.weights.packed import is_packed, stored_layer
from core.weights.quantised_kernel import QuantisedKernel, StoredArray, unpacked
from core.weights.record import ATTRIBUTE, ModelRecord

CONFIG = "model_config"  # attribute of a whole model
BFLOAT16 = {"|V2": "bfloat16"}  # as HDF5 knows the type
SEEDS = "seed"  # part of the names of random generators' states, which dropout keeps
Arrays = dict[str, tuple[np.ndarray, ...]]  # layer name -> weights in Keras's order, float32
StoredArrays = Mapping[
    str, tuple[StoredArray, ...]
]  # the same; quantised kernels as a packed file holds them


@dataclass(frozen=True)
class ForeignModel:
    """What a file of another program says about its model.

    Attributes:
        compared: whether it holds a configuration, which then agrees with our architecture.
        scaling: of the input, where the model applies it itself: `imagenet` or `unit`; else "".
    """

    compared: bool
    scaling: str = ""


class WeightsError(UserError):
    """A weights file that cannot be used; the message names the file and the difference."""


def read_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """Read all weights of the network, and the file's record.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    arrays, record = read_stored_model(path)
    return _unpacked(arrays), record


def read_unpacked_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """As `read_model`, for those who pack it; raises WeightsError also if it is packed: packing rounds."""
    arrays, record = read_stored_model(path)
    if any(isinstance(stored, QuantisedKernel) for layer in arrays.values() for stored in layer):
        raise WeightsError(
            f"The weights in {path} are packed already; packed again, they would be rounded twice. Name the "
            "run that they were packed from."
        )
    return _unpacked(arrays), record


def read_stored_model(path: str | Path) -> tuple[StoredArrays, ModelRecord]:
    """The same with quantised kernels as they are: less memory and time for who can compute with them."""
    path = Path(path)
    with open_weights(path) as file:
        record = _record(file)
        if record.members:
            raise WeightsError(
                Sentence(
                    "{path} is an ensemble, which has no weights of its own. Choose one of its members: "
                    "{choices}.",
                    path=path,
                    choices=", ".join(member.title for member in record.members),
                )
            )
        backbone = record.architecture
        return _layers(file, backbone, backbone.weighted, path), record


def read_foreign_model(path: str | Path) -> tuple[Arrays, ModelRecord, ForeignModel]:
    """Read a model that another program wrote: all its arrays must be ours, and so must what it computes.

    Returns:
        Weights by layer, the record, and what the file's configuration says.

    Raises:
        WeightsError: the file is missing or damaged, or what differs from our architecture.
    """
    path = Path(path)
    with open_weights(path) as file:
        record, foreign = _compared(file, path)
        backbone = record.architecture
        arrays = _layers(file, backbone, backbone.weighted, path, all_known=True)
        return _unpacked(arrays), record, foreign


def describe_foreign_model(path: str | Path) -> tuple[ModelRecord, ForeignModel]:
    """The record and the configuration of a file, without its arrays; raises as `read_foreign_model` does."""
    path = Path(path)
    with open_weights(path) as file:
        return _compared(file, path)


def read_backbone(path: str | Path, backbone: Backbone = VGG19) -> Arrays:
    """Read the weights of a backbone without its top, from a file in Keras's no-top layout or a whole model.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    path = Path(path)
    with open_weights(path) as file:
        return _unpacked(_layers(file, backbone, backbone.weighted_body, path))


def read_record(path: str | Path) -> ModelRecord:
    """Read the file's record without its arrays.

    Raises:
        WeightsError: the file is missing or cut short.
    """
    with open_weights(Path(path)) as file:
        return _record(file)


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's content, cached until its size or time of change differ."""
    status = Path(path).stat()
    return _digest(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(path: str, _size: int, _modified: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def open_weights(path: Path) -> Iterator[h5py.File]:
    """An open weights file; whatever fails while it is read becomes a WeightsError."""
    if not path.exists():
        raise WeightsError(
            Sentence("The weights file {path} does not exist. Train one, or check the path.", path=path)
        )
    try:
        if other := other_format(path):
            raise WeightsError(joined([path.name, other], " "))
        with (
            archived_weights(path) if is_keras_archive(path) else nullcontext(path) as content,
            h5py.File(content, "r") as file,
        ):
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(
            Sentence(
                "{name} is not a Keras HDF5 weights file, or is damaged or cut short. Copy or train it "
                "again.",
                name=path.name,
            )
        ) from error


def _record(file: h5py.File) -> ModelRecord:
    text = file.attrs.get(ATTRIBUTE)
    record = ModelRecord.from_text(text) if text else ModelRecord(backbone="")
    if record.backbone:
        _ = record.architecture  # refuses an unknown backbone or width
        return record
    backbone = detect_backbone(file)
    scaling = record.scaling if backbone is VGG19 else backbone.scaling
    return replace(record, backbone=backbone.name, scaling=scaling)


def _compared(file: h5py.File, path: Path) -> tuple[ModelRecord, ForeignModel]:
    record = _record(file)
    config = _config(file, path)
    try:
        scaling = check_config(config, record.architecture) if config else ""
    except ConfigError as error:
        raise WeightsError(
            Sentence(
                "{name} computes otherwise than the model here: {error}. It would give other results "
                "than in Keras. Train it with the layers of the method, or train a model here.",
                name=path.name,
                error=str(error),
            )
        ) from error
    return record, ForeignModel(bool(config), scaling)


def _config(file: h5py.File, path: Path) -> str:
    """The model's configuration as JSON; "" if the file holds weights alone."""
    if is_keras_archive(path):
        return archived_config(path)
    text = file.attrs.get(CONFIG, "")
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _layers(
    file: h5py.File, backbone: Backbone, layers: tuple[Layer, ...], path: Path, all_known: bool = False
) -> StoredArrays:
    """The arrays of some layers; `all_known` refuses a file that holds others, too."""
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


def _unpacked(arrays: StoredArrays) -> Arrays:
    return {name: tuple(map(unpacked, stored)) for name, stored in arrays.items()}
