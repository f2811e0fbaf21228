"""What three zones gave on images with known labels, in words."""

from core.config import CLASS_NAMES, POSITIVE
from core.evaluation import RULE_IN, RULE_OUT, KeptRate, ZoneOutcome


def outcome_words(outcome: ZoneOutcome) -> str:
    """How many images of each class were in the wrong zone, and how many in none."""
    missed = _kept(outcome.missed, RULE_OUT, _of(outcome, POSITIVE))
    false_alarms = _kept(outcome.false_alarms, RULE_IN, _of(outcome, 1 - POSITIVE))
    share = outcome.undecided / outcome.images
    return f"{missed}; {false_alarms}; undecided {outcome.undecided:,} of {outcome.images:,} ({share:.0%})"


def _of(outcome: ZoneOutcome, label: int) -> str:
    name = CLASS_NAMES[label]
    return f"{sum(by_label[name] for by_label in outcome.counts.values()):,} {name}"


def _kept(kept: KeptRate, zone: str, images: str) -> str:
    bounds = f" ({kept.interval[0]:.1%} to {kept.interval[1]:.1%})" if kept.interval else ""
    by_patient = "" if kept.rate is None else f", by patient {kept.rate:.1%}{bounds}"
    return f"{zone} {kept.images:,} of {images}{by_patient}"
