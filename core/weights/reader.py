"""Reading a weights file: its record, and its arrays by layer; nothing in it is executed or unpickled."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import h5py

from core.architecture import VGG19, Backbone
from core.disk import stamp
from core.sentence import Sentence, joined
from core.weights.file_kinds import is_keras_archive, other_format
from core.weights.keras_archive import archived_config, archived_weights
from core.weights.keras_graph import ConfigError
from core.weights.layer_arrays import Arrays, StoredArrays, WeightsError, layer_arrays, unpacked_layers
from core.weights.layouts import detect_backbone
from core.weights.model_config import check_config
from core.weights.quantised_kernel import QuantisedKernel
from core.weights.record import ATTRIBUTE, ModelRecord

CONFIG = "model_config"  # attribute of a whole model


@dataclass(frozen=True)
class ForeignModel:
    """What a file of another program says about its model.

    Attributes:
        compared: whether it holds a configuration, which then agrees with our architecture.
        scaling: of the input, where the model applies it itself: `imagenet` or `unit`; else "".
    """

    compared: bool
    scaling: str = ""


def read_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """Read all weights of the network, and the file's record.

    Raises:
        WeightsError: the file is missing, cut short, or holds another architecture.
    """
    arrays, record = read_stored_model(path)
    return unpacked_layers(arrays), record


def read_unpacked_model(path: str | Path) -> tuple[Arrays, ModelRecord]:
    """As `read_model`, for those who pack it; raises WeightsError also if it is packed: packing rounds."""
    arrays, record = read_stored_model(path)
    if any(isinstance(stored, QuantisedKernel) for layer in arrays.values() for stored in layer):
        raise WeightsError(
            f"The weights in {path} are packed already; packed again, they would be rounded twice. Name the "
            "run that they were packed from."
        )
    return unpacked_layers(arrays), record


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
        return layer_arrays(file, backbone, backbone.weighted, path), record


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
        arrays = layer_arrays(file, backbone, backbone.weighted, path, all_known=True)
        return unpacked_layers(arrays), record, foreign


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
        return unpacked_layers(layer_arrays(file, backbone, backbone.weighted_body, path))


def read_record(path: str | Path) -> ModelRecord:
    """Read the file's record without its arrays; cached until its size or time of change differ.

    Raises:
        WeightsError: the file is missing or cut short.
    """
    return _read_record(*stamp(path))


@lru_cache(maxsize=64)
def _read_record(path: str, _size: int, _modified: int) -> ModelRecord:
    with open_weights(Path(path)) as file:
        return _record(file)


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's content, cached until its size or time of change differ."""
    return _digest(*stamp(path))


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
