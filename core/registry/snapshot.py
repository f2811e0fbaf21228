"""Registering a version: a folder with the model's files, which nothing changes afterwards."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core import atomic
from core.errors import UserError
from core.inference import (
    IDENTITY_FILE,
    PREDICTIONS,
    REFERENCE_FILE,
    identity_of,
    published_models,
    renewed_references,
)
from core.registry.evidence import EVIDENCE_FILE, evidence_of
from core.registry.golden_images import GOLDEN_FILE, save_golden_images
from core.registry.models import RegisteredModel, registered_version
from core.registry.storage import folder_name, next_version, version_folder
from core.sentence import Sentence
from core.weights import file_digest, member_paths, update_record

SPLITS = ("validation", "test")


def register(
    item: RegisteredModel,
    override: str = "",
    changes: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> RegisteredModel:
    """Register a version of a model, with hard links to its files where the file system can.

    Args:
        item: the model to register.
        override: what every answer must say because a check failed; "" if none did.
        changes: to the model's record, such as its threshold.
        evidence: what its changes rest on, as plain values by what was changed; kept beside the weights.

    Raises:
        UserError: the disk is full or the registry cannot be written; then nothing changes.
    """

    def fill(folder: Path) -> None:
        for stage in published_models(item.model.path.parent):
            atomic.copy(stage.path, folder / stage.path.name)
        weights = folder / item.model.path.name
        if not weights.exists():
            atomic.copy(item.model.path, weights)
        if changes:
            update_record(weights, **{"training_images": item.training_images, **changes})
        if kept_evidence := evidence_of(item) if evidence is None else evidence:
            atomic.write_json(folder / EVIDENCE_FILE, dict(kept_evidence))
        renewed = renewed_references(item.model.record, item.model.path)
        for member in member_paths(item.model.path, item.model.record):
            for path in member.parent.iterdir():
                target = folder / path.relative_to(item.model.path.parent)
                atomic.copy(renewed.get(path, path), target)
        copy_reference(item, weights)
        for split in SPLITS:
            table = item.predictions(split)
            if table is not None:
                save_predictions(folder, split, table)
        golden = item.model.path.with_name(GOLDEN_FILE)
        if item.version and golden.exists():  # another threshold leaves the probabilities as they were
            atomic.copy(golden, folder / GOLDEN_FILE)
        else:
            save_golden_images(item, weights)

    return new_version(item.name, item.model.path.name, fill, override)


def override_of(item: RegisteredModel) -> str:
    """What a registered version must say of an override; "" for a candidate."""
    if not item.version:
        return ""
    return identity_of(item.model.path, item.model.record).override


def new_version(name: str, file: str, fill: Callable[[Path], None], override: str = "") -> RegisteredModel:
    """Register the next version of a model, or its first.

    Args:
        name: of the model.
        file: name of its weights file.
        fill: writes all files of the version into its folder, which appears under its name afterwards.
        override: what every answer must say because a check failed; "" if none did.

    Raises:
        UserError: the disk is full or the registry cannot be written; then nothing changes.
    """
    version = next_version(name)
    target = version_folder(folder_name(name, version))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_folder(target) as unfinished:
            fill(unfinished)
            content = {
                "name": name,
                "version": version,
                "file": file,
                "sha256": file_digest(unfinished / file),
                "override": override,
            }
            atomic.write_json(unfinished / IDENTITY_FILE, content)
    except OSError as error:
        raise UserError(
            Sentence(
                "{name} cannot be registered in {parent}: {reason}.",
                name=name,
                parent=target.parent,
                reason=error.strerror,
            )
        ) from error
    return registered_version(target.name)


def save_predictions(folder: Path, split: str, table: pd.DataFrame) -> None:
    """Save the predictions for a split in the folder of a version that is being registered."""
    atomic.write_text(folder / PREDICTIONS.format(split), table.to_csv(index=False))


def copy_reference(item: RegisteredModel, weights: Path) -> None:
    """Put the reference of a model, if it has one, beside a copy of its weights file."""
    reference = _reference_path(item)
    if reference and reference.exists():
        atomic.copy(reference, weights.with_name(REFERENCE_FILE))


def _reference_path(item: RegisteredModel) -> Path | None:
    """The newest reference of the training images that belongs to a model."""
    if item.version:
        registered = item.model.path.with_name(REFERENCE_FILE)
        return renewed_references(item.model.record, item.model.path).get(registered, registered)
    return item.run.reference_path(item.model.stage.number) if item.run else None
