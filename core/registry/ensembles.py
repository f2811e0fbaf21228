"""Ensembles: several models as one, which answers with the mean of their calibrated log-odds."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from core import atomic
from core.config import ENSEMBLE
from core.evaluation import evaluate, frozen_points
from core.registry.ensemble_plan import EnsemblePlan
from core.registry.golden_images import save_golden_images
from core.registry.history import add_event
from core.registry.models import RegisteredModel
from core.registry.snapshot import copy_reference, new_version, save_predictions
from core.registry.storage import changing
from core.roles import Role, takes
from core.weights import Member, ModelRecord, file_digest, write_ensemble


@takes(Role.OWNER)
def register_ensemble(plan: EnsemblePlan, who: str, reason: str = "") -> RegisteredModel:
    """Register an ensemble as the next version of its name, with hard links to its members' files.

    Args:
        plan: with the members as they were checked.
        who: registers it.
        reason: kept in the log, such as what an answer costs.

    Raises:
        UserError: the registry is being changed by another process, or the disk is full. Nothing has changed
            then.
    """

    def fill(folder: Path) -> None:
        members = [_copied(item, folder, number) for number, item in enumerate(plan.members, start=1)]
        weights = folder / ENSEMBLE.file
        write_ensemble(weights, _record(plan, members))
        for split, predictions in plan.predictions.items():
            save_predictions(folder, split, predictions.table)
        save_golden_images(plan.members[0], weights)

    with changing():
        item = new_version(plan.name, ENSEMBLE.file, fill)
        add_event(item.event("ensemble", who, reason))
        return item


def _copied(item: RegisteredModel, folder: Path, number: int) -> Member:
    """Copy a member's files into its own folder in that of the ensemble."""
    target = folder / "members" / str(number) / item.model.path.name
    atomic.copy(item.model.path, target)
    copy_reference(item, target)
    file, backbone = target.relative_to(folder).as_posix(), item.model.record.architecture.title
    return Member(item.name, item.version, file_digest(target), file, backbone)


def _record(plan: EnsemblePlan, members: list[Member]) -> ModelRecord:
    """What the members have in common, and what was measured of the ensemble."""
    records = [item.model.record for item in plan.members]
    first, validation = records[0], plan.predictions["validation"]

    def listed(field: str) -> str:
        return ", ".join(dict.fromkeys(getattr(record, field) for record in records))

    return ModelRecord(
        stage=ENSEMBLE.number,
        data=listed("data"),
        synthetic=any(record.synthetic for record in records),
        backbone=first.backbone,
        width=first.width,
        starting_weights=listed("starting_weights"),
        scaling=first.scaling,
        preset=listed("preset"),
        precision=listed("precision"),
        preprocessing=first.preprocessing,
        framing=first.framing,
        lung_margin=first.lung_margin,
        lung_network=first.lung_network,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training_images=min(item.training_images for item in plan.members),
        evaluation={
            split: evaluate(predictions.labels, predictions.probabilities, plan.point.threshold)
            for split, predictions in plan.predictions.items()
        },
        operating_points=tuple(
            asdict(point) for point in frozen_points(validation.labels, validation.probabilities)
        ),
        threshold=plan.point.threshold,
        threshold_rule=plan.point.rule,
        members=tuple(members),
    )
