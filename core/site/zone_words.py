"""What three zones gave on images with known labels, in words."""

from core.config import CLASS_NAMES, POSITIVE
from core.evaluation import RULE_IN, RULE_OUT, KeptRate, ZoneOutcome
from core.sentence import Sentence, joined


def outcome_words(outcome: ZoneOutcome) -> str:
    """How many images of each class were in the wrong zone, and how many in none."""
    missed = _kept(outcome.missed, RULE_OUT, _of(outcome, POSITIVE))
    false_alarms = _kept(outcome.false_alarms, RULE_IN, _of(outcome, 1 - POSITIVE))
    share = outcome.undecided / outcome.images
    undecided = Sentence(
        "undecided {count:,} of {images:,} ({share:.0%})",
        count=outcome.undecided,
        images=outcome.images,
        share=share,
    )
    return joined([missed, false_alarms, undecided], "; ")


def _of(outcome: ZoneOutcome, label: int) -> str:
    name = CLASS_NAMES[label]
    return f"{sum(by_label[name] for by_label in outcome.counts.values()):,} {name}"


def _kept(kept: KeptRate, zone: str, images: str) -> str:
    counted = Sentence("{zone} {count:,} of {images}", zone=Sentence(zone), count=kept.images, images=images)
    if kept.rate is None:
        return counted
    if kept.interval is None:
        return joined([counted, Sentence("by patient {rate:.1%}", rate=kept.rate)], ", ")
    low, high = kept.interval
    by_patient = Sentence(
        "by patient {rate:.1%} ({low:.1%} to {high:.1%})", rate=kept.rate, low=low, high=high
    )
    return joined([counted, by_patient], ", ")
