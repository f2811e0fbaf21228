"""Which reference belongs to a model, and where it is kept."""

import filecmp
import zipfile
from functools import lru_cache
from pathlib import Path

from core.errors import UserError
from core.inference.ensemble_reference import EnsembleReference
from core.inference.reference import Reference
from core.inference.rounding import UNKNOWN
from core.runs import open_run
from core.weights import ModelRecord, WeightsError, member_paths, read_record

REFERENCE_FILE = "reference.npz"  # beside the weights of a registered version, or of an ensemble's member
MAX_LOADED = 8  # references in memory: of an ensemble's members, and of the models that people try

AnyReference = Reference | EnsembleReference


def reference_of(record: ModelRecord, weights: Path | None = None) -> AnyReference | None:
    """The reference of a model; None without a readable one.

    Args:
        record: of the model.
        weights: its weights file. A registered version has its reference beside it, an ensemble has those of
            its members beside theirs; that of any other model is in its run's folder.
    """
    if record.members and weights:
        members = [_of_network(*member) for member in _member_records(weights, record)]
        known = [member for member in members if member]
        return EnsembleReference(tuple(known)) if len(known) == len(record.members) else None
    return _of_network(record, weights)


def known_rounding(record: ModelRecord, weights: Path) -> float:
    """By how much bfloat16 moves a network's log-odds: by its reference, else as of any model.

    Args:
        record, weights: of a network, not of an ensemble.
    """
    reference = _of_network(record, weights)
    return UNKNOWN if reference is None or reference.rounding is None else reference.rounding


def renewed_references(record: ModelRecord, weights: Path) -> dict[Path, Path]:
    """References that were computed anew after a model was registered, which it does not use.

    Args:
        record, weights: of a registered version; of other models, no reference is kept beside the weights.

    Returns:
        The renewed file in a run's folder by the file beside the weights, or beside those of a member.
    """
    networks = _member_records(weights, record) if record.members else [(record, weights)]
    renewed = {
        beside: _renewed(beside, network)
        for network, path in networks
        if (beside := path.with_name(REFERENCE_FILE)).exists()
    }
    return {beside: path for beside, path in renewed.items() if path}


def _renewed(beside: Path, record: ModelRecord) -> Path | None:
    """The reference in the run's folder if it is another than the one beside the weights; else None."""
    in_run = _in_run(record)
    if in_run is None or not in_run.exists() or filecmp.cmp(beside, in_run, shallow=False):
        return None
    return in_run if _readable(in_run, record) else None


def _member_records(weights: Path, record: ModelRecord) -> list[tuple[ModelRecord, Path]]:
    """Record and weights file of each readable member of an ensemble."""
    try:
        return [(read_record(path), path) for path in member_paths(weights, record)]
    except WeightsError:
        return []


def reference_files(record: ModelRecord, weights: Path) -> list[Path]:
    """The files that `reference_of` reads, as far as there are any."""
    networks = _member_records(weights, record) if record.members else [(record, weights)]
    files = [_file_of_network(*network) for network in networks]
    return [file for file in files if file and file.exists()]


def _of_network(record: ModelRecord, weights: Path | None) -> Reference | None:
    return _readable(_file_of_network(record, weights), record)


def _file_of_network(record: ModelRecord, weights: Path | None) -> Path | None:
    beside = weights.with_name(REFERENCE_FILE) if weights else None
    return beside if beside and beside.exists() else _in_run(record)


def _in_run(record: ModelRecord) -> Path | None:
    """The reference in the folder of the run that trained a network; None without that run."""
    try:
        return open_run(record.run).reference_path(record.stage)
    except UserError:
        return None


def _readable(path: Path | None, record: ModelRecord) -> Reference | None:
    """The reference in a file; None if it cannot be read or belongs to another network."""
    try:
        reference = _loaded(path, path.stat().st_mtime_ns) if path else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return reference if reference and reference.created == record.created else None


@lru_cache(maxsize=MAX_LOADED)
def _loaded(path: Path, _modified: int) -> Reference:
    return Reference.load(path)
