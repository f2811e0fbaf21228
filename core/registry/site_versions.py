"""Versions of a model that are set for a hospital: with another threshold, zones or temperature."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from core.evaluation import OperatingPoint, Zones, calibrated
from core.registry.active import intact
from core.registry.evidence import OPERATING_POINT, TEMPERATURE, ZONES, evidence_of
from core.registry.history import add_event
from core.registry.models import RegisteredModel, find_usable_model
from core.registry.snapshot import override_of, register
from core.registry.storage import changing
from core.roles import Role, takes
from core.sentence import Sentence

ZONES_LEFT_OUT = Sentence(
    "The model has zones, which hold for its present threshold only: a version with another one has none."
)


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
    return _register_for_site(
        title, {OPERATING_POINT: evidence, ZONES: None}, threshold_changes(point), who, reason
    )


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
        changed = register(item, override_of(item), changes, parts)
        add_event(changed.event(f"site {subject}", who, reason))
        return changed


def threshold_changes(point: OperatingPoint) -> dict[str, Any]:
    """To the record of a model that gets another threshold, which its zones do not hold for."""
    return {"threshold": point.threshold, "threshold_rule": point.rule, "zones": None}
