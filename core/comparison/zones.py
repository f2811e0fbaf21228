"""Zones with a promise for each model of a comparison: found on validation, tried on the compared images."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.comparison.model_comparison import ModelComparison
from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation import (
    FALSE_ALARM_RATE,
    MISS_RATE,
    RULE_IN,
    RULE_OUT,
    UNDECIDED,
    KeptRate,
    ZoneOutcome,
    Zones,
    find_zones,
    zone_outcome,
)
from core.sentence import joined


@dataclass(frozen=True)
class ModelZones:
    """The zones of a model and what they give on the compared images.

    Attributes:
        model: its name.
        zones: around its operating point, on the scale of its decision threshold.
        outcome: on the compared images.
    """

    model: str
    zones: Zones
    outcome: ZoneOutcome

    def sentence(self) -> str:
        """Bounds, undecided images and rates in one line."""
        missed, false_alarms = (
            f"{rate_text(rate)}, promised {100 * rate.promised:g}%"
            for rate in (self.outcome.missed, self.outcome.false_alarms)
        )
        return (
            f"rule out below {self.zones.low:.3f}, rule in above {self.zones.high:.3f}; undecided "
            f"{self.outcome.undecided} of {self.outcome.images}; miss rate {missed}; false-alarm rate "
            f"{false_alarms}"
        )

    def broken(self) -> list[str]:
        """The rates that were not kept, `miss rate` or `false-alarm rate`: the whole interval is above."""
        rates = {"miss rate": self.outcome.missed, "false-alarm rate": self.outcome.false_alarms}
        return [name for name, rate in rates.items() if rate.interval and rate.interval[0] > rate.promised]


def model_zones(
    comparison: ModelComparison, miss_rate: float = MISS_RATE, false_alarm_rate: float = FALSE_ALARM_RATE
) -> list[ModelZones]:
    """The zones of each model, around its operating point.

    Raises:
        UserError: as `find_zones`, with the model's name.
    """
    of_models = []
    for model in comparison.models:
        fitted, threshold = comparison.validation[model.name], comparison.thresholds[model.name]
        try:
            zones = find_zones(
                fitted.labels,
                fitted.probabilities,
                fitted.patients,
                threshold,
                miss_rate,
                false_alarm_rate,
            )
        except UserError as error:
            raise UserError(joined([f"{model.name}:", error.args[0]], " ")) from error
        outcome = zone_outcome(zones, model.labels, model.probabilities, model.patients)
        of_models.append(ModelZones(model.name, zones, outcome))
    return of_models


def zone_text(of_models: list[ModelZones]) -> pd.DataFrame:
    """Bounds, images by zone and rates as text: one row for each of them, one column per model."""
    return pd.DataFrame({item.model: _column(item) for item in of_models})


def zone_table(of_models: list[ModelZones]) -> pd.DataFrame:
    """The same as numbers: one row per model."""
    return pd.DataFrame([_row(item) for item in of_models])


def rate_text(rate: KeptRate) -> str:
    """A rate in per cent with its interval; a dash where there is no image."""
    if rate.rate is None or rate.interval is None:
        return "–"
    low, high = rate.interval
    return f"{rate.rate:.1%} ({low:.1%} to {high:.1%})"


def _column(item: ModelZones) -> dict[str, str]:
    counts = item.outcome.counts
    wrong = {RULE_OUT: CLASS_NAMES[POSITIVE], RULE_IN: CLASS_NAMES[1 - POSITIVE]}
    by_zone = {
        zone: f"{sum(counts[zone].values()):,}, {counts[zone][label]:,} {label}"
        for zone, label in wrong.items()
    }
    return {
        "Rule out below": f"{item.zones.low:.3f}",
        "Rule in above": f"{item.zones.high:.3f}",
        "Ruled out": by_zone[RULE_OUT],
        "Undecided": f"{sum(counts[UNDECIDED].values()):,} of {item.outcome.images:,}",
        "Ruled in": by_zone[RULE_IN],
        "Miss rate": rate_text(item.outcome.missed),
        "False-alarm rate": rate_text(item.outcome.false_alarms),
    }


def _row(item: ModelZones) -> dict[str, Any]:
    row: dict[str, Any] = {"model": item.model, "low": item.zones.low, "high": item.zones.high}
    for zone, by_label in item.outcome.counts.items():
        row |= {f"{zone}, {label}": count for label, count in by_label.items()}
    for name, rate in (("miss rate", item.outcome.missed), ("false-alarm rate", item.outcome.false_alarms)):
        low, high = rate.interval or (float("nan"), float("nan"))
        row |= {f"promised {name}": rate.promised, name: rate.rate, f"{name} low": low, f"{name} high": high}
    return row
