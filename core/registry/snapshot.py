"""Registering a version: a folder with the model's files, which nothing changes afterwards."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import atomic
from core.errors import UserError
from core.inference import IDENTITY_FILE, REFERENCE_FILE, published_models
from core.registry.golden_images import GOLDEN_FILE, save_golden_images
from core.registry.models import PREDICTIONS, RegisteredModel, registered_version
from core.registry.storage import folder_name, next_version, version_folder
from core.weights import file_digest, update_record


def register(
    item: RegisteredModel, override: str = "", changes: Mapping[str, Any] | None = None
) -> RegisteredModel:
    """Register a version of a model, with hard links to its files where the file system can.

    Args:
        item: the model to register.
        override: what every answer must say because a check failed; "" if none did.
        changes: to the model's record, such as its threshold.

    Raises:
        UserError: the disk is full or the registry cannot be written; then nothing changes.
    """
    version = next_version(item.name)
    target = version_folder(folder_name(item.name, version))
    model = item.model
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_folder(target) as unfinished:
            for stage in published_models(model.path.parent):
                atomic.copy(stage.path, unfinished / stage.path.name)
            weights = unfinished / model.path.name
            if not weights.exists():
                atomic.copy(model.path, weights)
            if changes:
                update_record(weights, **changes)
            reference = _reference_path(item)
            if reference and reference.exists():
                atomic.copy(reference, unfinished / REFERENCE_FILE)
            for split in ("validation", "test"):
                table = item.predictions(split)
                if table is not None:
                    atomic.write_text(unfinished / PREDICTIONS.format(split), table.to_csv(index=False))
            golden = model.path.with_name(GOLDEN_FILE)
            if item.version and golden.exists():  # another threshold leaves the probabilities as they were
                atomic.copy(golden, unfinished / GOLDEN_FILE)
            else:
                save_golden_images(item, weights)
            content = {
                "name": item.name,
                "version": version,
                "file": weights.name,
                "sha256": file_digest(weights),
                "override": override,
            }
            atomic.write_json(unfinished / IDENTITY_FILE, content)
    except OSError as error:
        raise UserError(f"{item.title} cannot be registered in {target.parent}: {error.strerror}.") from error
    return registered_version(target.name)


def _reference_path(item: RegisteredModel) -> Path | None:
    """The reference of the training images that belongs to a model."""
    if item.version:
        return item.model.path.with_name(REFERENCE_FILE)
    return item.run.reference_path(item.model.stage.number) if item.run else None
