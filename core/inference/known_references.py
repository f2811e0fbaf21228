"""Which reference belongs to a model, and where it is kept."""

import zipfile
from functools import lru_cache
from pathlib import Path

from core.errors import UserError
from core.inference.ensemble_reference import EnsembleReference
from core.inference.reference import Reference
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


def _member_records(weights: Path, record: ModelRecord) -> list[tuple[ModelRecord, Path]]:
    """Record and weights file of each readable member of an ensemble."""
    try:
        return [(read_record(path), path) for path in member_paths(weights, record)]
    except WeightsError:
        return []


def _of_network(record: ModelRecord, weights: Path | None) -> Reference | None:
    beside = weights.with_name(REFERENCE_FILE) if weights else None
    try:
        path = beside if beside and beside.exists() else open_run(record.run).reference_path(record.stage)
        reference = _loaded(path, path.stat().st_mtime_ns)
    except (UserError, OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return reference if reference.created == record.created else None


@lru_cache(maxsize=MAX_LOADED)
def _loaded(path: Path, _modified: int) -> Reference:
    return Reference.load(path)
