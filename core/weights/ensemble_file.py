"""The weights file of an ensemble: a record that names its members, whose own files lie beside it."""

from pathlib import Path

import h5py

from core import atomic
from core.sentence import Sentence
from core.weights.layer_arrays import WeightsError
from core.weights.reader import file_digest
from core.weights.record import ATTRIBUTE, ModelRecord


def write_ensemble(path: Path, record: ModelRecord) -> None:
    """Write an ensemble's file, whose digest depends on those of all its members.

    Raises:
        UserError: the disk is full or the folder is not writable.
    """
    with atomic.replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs[ATTRIBUTE] = record.to_text()


def member_paths(path: Path, record: ModelRecord) -> list[Path]:
    """Weights files of a model's members, in order; [] if it is not an ensemble."""
    return [path.parent / member.file for member in record.members]


def intact_members(path: Path, record: ModelRecord) -> list[Path]:
    """The same, after comparing each with its registered digest.

    Raises:
        WeightsError: a file is missing, or has changed since the ensemble was registered.
    """
    paths = member_paths(path, record)
    for member, file in zip(record.members, paths, strict=True):
        try:
            changed = file_digest(file) != member.sha256
        except OSError as error:
            raise WeightsError(
                Sentence(
                    "{file}, a member of the ensemble in {parent}, cannot be read: {reason}. Register the "
                    "ensemble again.",
                    file=file,
                    parent=path.parent,
                    reason=error.strerror,
                )
            ) from error
        if changed:
            raise WeightsError(
                Sentence(
                    "{file} has changed since it became a member of the ensemble in {parent}. Register the "
                    "ensemble again.",
                    file=file,
                    parent=path.parent,
                )
            )
    return paths
