"""Promotion, rollback, retirement, another threshold: what changes which model answers."""

from collections.abc import Collection
from dataclasses import replace

from core.errors import UserError
from core.evaluation import OperatingPoint
from core.registry.active import intact
from core.registry.checklist import NON_INFERIORITY_MARGIN, PromotionCheck, checklist
from core.registry.evidence import OPERATING_POINT, ZONES, evidence_of
from core.registry.history import add_event
from core.registry.models import (
    ACTIVE,
    RETIRED,
    SHADOW,
    RegisteredModel,
    active_registered_model,
    bundled_model,
    find_model,
    find_version,
    is_retired,
    registered_version,
)
from core.registry.site_versions import threshold_changes
from core.registry.snapshot import override_of, register
from core.registry.storage import BUNDLED, PROMOTE, ActiveState, changing, current_state, write_active
from core.roles import Role, takes
from core.sentence import Sentence

MAX_BEFORE = 50  # versions that a rollback can reach


@takes(Role.OWNER)
def promote(
    title: str,
    who: str,
    reason: str = "",
    override: Collection[str] = (),
    margin: float = NON_INFERIORITY_MARGIN,
) -> RegisteredModel:
    """Make a model the active one; a version whose reference was renewed, as the next version.

    Its checklist is computed here and logged, whatever the caller has seen of it before.

    Args:
        title: name, or name and version, of the model.
        who: promotes it.
        reason: why; needed for an override.
        override: titles of checks despite which it is promoted if they fail; every answer then names them.
        margin: as for `checklist`.

    Raises:
        UserError: a check failed and is not overridden with a reason, the model is active already, another
            promotion is under way, or the disk is full. Nothing has changed then.
    """
    with changing():
        item = find_model(title)
        checks = checklist(item, active_registered_model(), margin)
        return _promote(item, checks, who, reason, override)


def _promote(
    item: RegisteredModel, checks: list[PromotionCheck], who: str, reason: str, override: Collection[str]
) -> RegisteredModel:
    """Promote a model of which these checks are told, as `promote` does."""
    failed = [check.title for check in checks if not check.passed]
    if reason.strip():
        failed = [check for check in failed if check not in override]
    if failed:
        raise UserError(
            Sentence(
                "{title} is not promoted, because these checks failed: {failed}. To promote it all the "
                "same, override them and give a reason.",
                title=item.title,
                failed="; ".join(failed),
            )
        )
    if item.state == ACTIVE and not item.reference_renewed:
        raise UserError(Sentence("{title} is the active model already.", title=item.title))
    if item.version:
        intact(item.folder)
    if registers_version(item, checks):
        before, item = item, register(item, _override_by(checks))
        if before.state == SHADOW:
            add_event(before.event("stop shadow", who, f"Promoted as {item.title}."))
    _activate(item, "promote", who, reason, checks)
    return replace(item, state=ACTIVE)


def registers_version(item: RegisteredModel, checks: list[PromotionCheck]) -> bool:
    """Whether a model's promotion registers a version of it; else the model answers as it is.

    A version is registered again where its reference was renewed, or if it would have to say of other failed
    checks than when it was registered.

    Args:
        checks: its checklist.

    Raises:
        WeightsError: the model's file cannot be read.
    """
    if item.model.bundled:
        return False
    return not item.version or item.reference_renewed or _override_by(checks) != override_of(item)


@takes(Role.OWNER)
def rollback(who: str, reason: str = "") -> RegisteredModel:
    """Go back to the model that was active before, retired ones left out, and return it.

    Raises:
        UserError: no other model was active before, or its files are gone or have changed.
    """
    with changing():
        state = current_state()
        for position, version in reversed(list(enumerate(state.before))):
            if version == state.version:
                continue
            item = bundled_model() if version == BUNDLED else registered_version(version)
            if is_retired(item):
                continue
            if version != BUNDLED:
                item = intact(version)
            event = item.event("rollback", who, reason)
            write_active(ActiveState(version, state.before[:position], vars(event)))
            add_event(event)
            return replace(item, state=ACTIVE)
        raise UserError(
            Sentence(
                "There is no model to go back to: none was active before, or all of them were retired. "
                "Promote one."
            ),
            command=PROMOTE,
        )


@takes(Role.OWNER)
def retire(title: str, who: str, reason: str = "") -> RegisteredModel:
    """Mark a registered version as retired; it stays on disk, so that its answers can be traced.

    Args:
        title: name and version, or a name: its newest version.

    Raises:
        UserError: there is no such version, or it is the active model.
    """
    with changing():
        item = find_version(title)
        if item.state == ACTIVE:
            raise UserError(
                Sentence(
                    "{title} is the active model. Promote another one first, or roll back.", title=item.title
                )
            )
        if not item.version:
            raise UserError(
                Sentence(
                    "{title} was never promoted; only a registered version can be retired.", title=item.title
                )
            )
        add_event(item.event("retire", who, reason))
        return replace(item, state=RETIRED)


@takes(Role.OWNER)
def change_operating_point(title: str, point: OperatingPoint, who: str) -> RegisteredModel:
    """Give the active model another decision threshold and no zones, as a version that is active at once.

    Raises:
        UserError: the model is not the active one or may not answer, or the registry cannot be written.
    """
    with changing():
        item = find_model(title)
        if item.state != ACTIVE:
            raise UserError(Sentence("{title} is not the active model. Promote it first.", title=item.title))
        if item.version:
            intact(item.folder)
        others = {
            name: part for name, part in evidence_of(item).items() if name not in (OPERATING_POINT, ZONES)
        }
        changed = register(item, override_of(item), threshold_changes(point), others)
        _activate(changed, "operating point", who, f"{point.rule}: {point.threshold:.4g}", [])
        return replace(changed, state=ACTIVE)


def _activate(
    item: RegisteredModel, action: str, who: str, reason: str, checks: list[PromotionCheck]
) -> None:
    """Make a version active and log it; the replaced active.json is the commit."""
    state = current_state()
    event = replace(
        item.event(action, who, reason),
        checks=tuple((check.title, "passed" if check.passed else "failed", check.detail) for check in checks),
    )
    before = (*state.before, state.version)[-MAX_BEFORE:]
    write_active(ActiveState(item.folder, before, vars(event)))
    add_event(event)


def _override_by(checks: list[PromotionCheck]) -> str:
    """What a version must say that is promoted after these checks; "" if all passed."""
    failed = [check.title for check in checks if not check.passed]
    return f"The model was promoted although these checks failed: {'; '.join(failed)}." if failed else ""
