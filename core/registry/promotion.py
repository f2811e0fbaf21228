"""Promotion, rollback, retirement and new operating points: what changes which model answers."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from core.errors import UserError
from core.evaluation import OperatingPoint, Zones, calibrated
from core.inference import identity_of
from core.registry.active import intact
from core.registry.checklist import NON_INFERIORITY_MARGIN, PromotionCheck, checklist
from core.registry.evidence import OPERATING_POINT, TEMPERATURE, ZONES, evidence_of
from core.registry.history import add_event
from core.registry.models import (
    ACTIVE,
    RETIRED,
    SHADOW,
    RegisteredModel,
    active_registered_model,
    bundled_model,
    find_model,
    find_usable_model,
    find_version,
    is_retired,
    registered_version,
)
from core.registry.snapshot import register
from core.registry.storage import BUNDLED, ActiveState, changing, current_state, write_active
from core.roles import Role, takes
from core.sentence import Sentence

MAX_BEFORE = 50  # versions that a rollback can reach
ZONES_LEFT_OUT = Sentence(
    "The model has zones, which hold for its present threshold only: a version with another one has none."
)


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
            f"{item.title} is not promoted, because these checks failed: {'; '.join(failed)}. To promote it "
            "all the same, override them and give a reason."
        )
    if item.state == ACTIVE and not item.reference_renewed:
        raise UserError(f"{item.title} is the active model already.")
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
    return not item.version or item.reference_renewed or _override_by(checks) != _override_of(item)


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
            "There is no model to go back to: none was active before, or all of them were retired. Promote "
            "one: python -m core models promote NAME."
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
            raise UserError(f"{item.title} is the active model. Promote another one first, or roll back.")
        if not item.version:
            raise UserError(f"{item.title} was never promoted; only a registered version can be retired.")
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
            raise UserError(f"{item.title} is not the active model. Promote it first.")
        if item.version:
            intact(item.folder)
        others = {
            name: part for name, part in evidence_of(item).items() if name not in (OPERATING_POINT, ZONES)
        }
        changed = register(item, _override_of(item), _changes(point), others)
        _activate(changed, "operating point", who, f"{point.rule}: {point.threshold:.4g}", [])
        return replace(changed, state=ACTIVE)


@takes(Role.OWNER)
def register_operating_point(
    title: str, point: OperatingPoint, who: str, evidence: Mapping[str, Any]
) -> RegisteredModel:
    """Give a model another decision threshold and no zones, as a new version; promoted, it answers.

    Args:
        title: name, or name and version, of the model.
        point: its threshold is of the probability before calibration.
        who: registers it.
        evidence: what the threshold rests on, as plain values; kept with the version. Its `check`, if it has
            one, is a `PromotionCheck` of the version.

    Raises:
        UserError: the model may not answer, or the registry cannot be written.
    """
    reason = f"{point.rule}: {point.threshold:.4g}"
    return _register_for_site(title, {OPERATING_POINT: evidence, ZONES: None}, _changes(point), who, reason)


@takes(Role.OWNER)
def register_zones(
    title: str, zones: Zones, rule: str, who: str, evidence: Mapping[str, Any]
) -> RegisteredModel:
    """Give a model zones beside its threshold, as a new version that answers once it is promoted.

    Args:
        title, who, evidence: as for `register_operating_point`.
        zones: bounds of the calibrated probability, on both sides of the threshold.
        rule: how they were found, in words.

    Raises:
        UserError: as `register_operating_point`.
    """
    record = find_usable_model(title).model.record
    low, high = calibrated(np.array([zones.low, zones.high]), 1 / record.temperature)  # before calibration
    bounds = {"low": float(min(low, record.threshold)), "high": float(max(high, record.threshold))}
    changes = {"zones": asdict(zones) | bounds | {"rule": rule}}
    reason = f"zones {rule}: {low:.4g} and {high:.4g}"
    return _register_for_site(title, {ZONES: evidence}, changes, who, reason)


@takes(Role.OWNER)
def register_temperature(
    title: str, temperature: float, rule: str, who: str, evidence: Mapping[str, Any]
) -> RegisteredModel:
    """Give a model another temperature, as a new version that answers once it is promoted.

    Args:
        title, who, evidence: as for `register_operating_point`.
        temperature: divides the log-odds.
        rule: what it was fitted to, in words.

    Raises:
        UserError: as `register_operating_point`.
    """
    changes = {"temperature": temperature, "temperature_rule": rule}
    reason = f"calibrated {rule}: {temperature:.3g}"
    return _register_for_site(title, {TEMPERATURE: evidence}, changes, who, reason)


def _changes(point: OperatingPoint) -> dict[str, Any]:
    """To the record of a model that gets another threshold, which its zones do not hold for."""
    return {"threshold": point.threshold, "threshold_rule": point.rule, "zones": None}


def _register_for_site(
    title: str, evidence: Mapping[str, Any], changes: dict[str, Any], who: str, reason: str
) -> RegisteredModel:
    """Register a model with some fields of its record changed.

    Args:
        evidence: by what is changed, the first being what the event is named after; None for what the
            version no longer has. What its other changes rest on is kept.
    """
    subject = next(iter(evidence))
    with changing():
        item = find_usable_model(title)
        if item.version:
            intact(item.folder)
        merged = {**evidence_of(item), **evidence}
        parts = {name: part for name, part in merged.items() if part is not None}
        changed = register(item, _override_of(item), changes, parts)
        add_event(changed.event(f"site {subject}", who, reason))
        return changed


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


def _override_of(item: RegisteredModel) -> str:
    """What a registered version must say of an override; "" for a candidate."""
    if not item.version:
        return ""
    return identity_of(item.model.path, item.model.record).override
