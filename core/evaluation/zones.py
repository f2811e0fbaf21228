"""Three zones instead of one decision threshold: rule out, undecided, rule in, each with a promise.

Two bounds are found on validation by conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster,
"Conformal Risk Control", ICLR 2024, arXiv 2208.02814, theorem 1), one for each class. It was taken instead of
class-conditional (Mondrian) conformal prediction (Vovk, "Conditional validity of inductive conformal
predictors", ACML 2012) because patients are exchangeable and images of one patient are not: a patient's loss
is the share of her images that are in the wrong zone. With one image a patient both give the same bounds.

The promise: if validation patients and a new patient of the same kind are drawn again and again, the expected
share of the new patient's images in the wrong zone is at most the rate. It holds for each class by itself and
does not depend on the prevalence. It does not hold for images of another kind.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from core.config import CLASS_NAMES, POSITIVE, THRESHOLD
from core.errors import UserError
from core.evaluation.intervals import Interval, wilson
from core.evaluation.outcomes import Outcomes
from core.sentence import Sentence, template

RULE_OUT, UNDECIDED, RULE_IN = ZONES = (template("rule out"), template("undecided"), template("rule in"))
MISS_RATE = 0.02
FALSE_ALARM_RATE = 0.05
ROUNDING = 1e-9  # of sums of shares


@dataclass(frozen=True)
class Zones:
    """Two bounds and the promise that each of them keeps.

    Attributes:
        low: probability below which pneumonia is ruled out.
        high: probability above which it is ruled in; not below `low`.
        miss_rate: at most this share of pneumonia is ruled out, as promised.
        false_alarm_rate: at most this share of normals is ruled in, as promised.
    """

    low: float
    high: float
    miss_rate: float = MISS_RATE
    false_alarm_rate: float = FALSE_ALARM_RATE

    def of(self, probability: float) -> str:
        """The zone of a probability, one of `ZONES`.

        >>> [Zones(0.2, 0.8).of(probability) for probability in (0.1, 0.2, 0.9)]
        ['rule out', 'undecided', 'rule in']
        """
        return RULE_OUT if probability < self.low else RULE_IN if probability > self.high else UNDECIDED


@dataclass(frozen=True)
class KeptRate:
    """How often images of one class were in the wrong zone.

    Attributes:
        promised: the highest rate.
        images: of the class that were in the wrong zone.
        rate: what was promised: the mean over patients of the share of their images; None without patients.
        interval: Wilson's 95% interval for as many images as patients, which is wide enough: the share of a
            patient's images varies no more than a single image does. None without patients.
    """

    promised: float
    images: int
    rate: float | None
    interval: Interval | None


@dataclass(frozen=True)
class ZoneOutcome:
    """What zones gave on images with known labels.

    Attributes:
        counts: images by zone and label, as {zone: {label: images}}.
        missed: pneumonia that was ruled out.
        false_alarms: normals that were ruled in.
    """

    counts: dict[str, dict[str, int]]
    missed: KeptRate
    false_alarms: KeptRate

    @property
    def images(self) -> int:
        """All images."""
        return sum(sum(by_label.values()) for by_label in self.counts.values())

    @property
    def undecided(self) -> int:
        """Images in no other zone."""
        return sum(self.counts[UNDECIDED].values())


def find_zones(
    labels: np.ndarray,
    probabilities: np.ndarray,
    patients: np.ndarray,
    threshold: float = THRESHOLD,
    miss_rate: float = MISS_RATE,
    false_alarm_rate: float = FALSE_ALARM_RATE,
) -> Zones:
    """The zones with the fewest undecided images that keep both promises and contradict no predicted label.

    Nothing is ruled out from the decision threshold on, or ruled in up to it. So where the classes are far
    apart and the bounds cross, the zones meet at the threshold, and no image is undecided.

    Args:
        labels, probabilities: of the validation images, shape (n,).
        patients: patient of each image, shape (n,).
        threshold: at or above which an image is predicted PNEUMONIA, on the scale of `probabilities`.
        miss_rate, false_alarm_rate: to promise, above 0 and below 1.

    Raises:
        UserError: a rate is out of range, there are too few patients for the rates, or as `evaluate`.
    """
    outcomes = Outcomes.of(labels, probabilities, threshold)
    positive, owners = outcomes.labels == POSITIVE, np.asarray(patients)
    _check_rate("miss rate", miss_rate)
    _check_rate("false-alarm rate", false_alarm_rate)
    _check_patients(owners[positive], owners[~positive], miss_rate, false_alarm_rate)
    low = _highest_bound(outcomes.probabilities[positive], owners[positive], miss_rate)
    high = -_highest_bound(-outcomes.probabilities[~positive], owners[~positive], false_alarm_rate)
    return Zones(min(low, threshold), max(high, threshold), miss_rate, false_alarm_rate)


def patients_for_rate(rate: float) -> int:
    """The fewest patients of a class with which a rate can be promised: 1 / rate - 1.

    >>> patients_for_rate(0.02), patients_for_rate(0.05)
    (49, 19)
    """
    return ceil(1 / Fraction(str(rate))) - 1


def zone_outcome(
    zones: Zones, labels: np.ndarray, probabilities: np.ndarray, patients: np.ndarray
) -> ZoneOutcome:
    """What zones gave on images that they were not found on.

    Args:
        labels, probabilities, patients: shape (n,), on the scale of the zones.

    Raises:
        UserError: as `evaluate`.
    """
    outcomes = Outcomes.of(labels, probabilities)
    below, above = outcomes.probabilities < zones.low, outcomes.probabilities > zones.high
    rates = zones.miss_rate, zones.false_alarm_rate
    return outcome_of_parts(below, above, outcomes.labels, patients, *rates)


def outcome_of_parts(
    below: np.ndarray,
    above: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    miss_rate: float,
    false_alarm_rate: float,
) -> ZoneOutcome:
    """The same of images whose zones are known, such as those that each have bounds of their own.

    Args:
        below, above: bool (n,), whether an image is ruled out, and ruled in.
        labels, patients: shape (n,).
        miss_rate, false_alarm_rate: promised.
    """
    positive, owners = labels == POSITIVE, np.asarray(patients)
    in_zone = {RULE_OUT: below, UNDECIDED: ~below & ~above, RULE_IN: above}
    counts = {
        zone: {name: int((chosen & (positive == (label == POSITIVE))).sum()) for label, name in _labels()}
        for zone, chosen in in_zone.items()
    }
    missed = _kept_rate(miss_rate, below[positive], owners[positive])
    false_alarms = _kept_rate(false_alarm_rate, above[~positive], owners[~positive])
    return ZoneOutcome(counts, missed, false_alarms)


def _labels() -> list[tuple[int, str]]:
    return list(enumerate(CLASS_NAMES))


def _check_rate(name: str, rate: float) -> None:
    if not 0 < rate < 1:
        raise UserError(
            Sentence("The {name} is {rate:g}; choose one above 0 and below 1.", name=name, rate=rate)
        )


def _check_patients(
    positive: np.ndarray, negative: np.ndarray, miss_rate: float, false_alarm_rate: float
) -> None:
    """Raises UserError if either class has too few patients for its rate."""
    lacking = []
    for name, rate, kind, owners in (
        ("miss", miss_rate, "with pneumonia", positive),
        ("false-alarm", false_alarm_rate, "without", negative),
    ):
        needed, count = patients_for_rate(rate), len(np.unique(owners))
        if count < needed:
            lacking.append(f"a {name} rate of {rate:g} takes {needed:,} patients {kind}, there are {count:,}")
    if lacking:
        raise UserError(
            Sentence(
                "Too few patients: {lacking}. Choose a higher rate or validate on more.",
                lacking="; ".join(lacking),
            )
        )


def _highest_bound(scores: np.ndarray, patients: np.ndarray, rate: float) -> float:
    """The highest bound below which the expected share of a new patient's scores is at most `rate`.

    Theorem 1 of conformal risk control: n / (n + 1) times the mean loss of n patients plus 1 / (n + 1), the
    largest possible loss of the new one, is at most the rate.

    Args:
        scores: of images of one class, shape (n,).
        patients: of the same images.
    """
    _, numbers, images = np.unique(patients, return_inverse=True, return_counts=True)
    count = len(images)
    order = np.argsort(scores, kind="stable")
    ordered, losses = scores[order], 1 / images[numbers[order]]
    below = np.concatenate([[0.0], np.cumsum(losses)])[np.searchsorted(ordered, ordered)]  # sum over patients
    allowed = below + 1 <= rate * (count + 1) + ROUNDING
    return float(ordered[allowed][-1])


def _kept_rate(promised: float, wrong: np.ndarray, patients: np.ndarray) -> KeptRate:
    """How often the images of one class are in the wrong zone, bool (n,), and of whom."""
    if not len(wrong):
        return KeptRate(promised, 0, None, None)
    _, numbers = np.unique(patients, return_inverse=True)
    shares = np.bincount(numbers, wrong) / np.bincount(numbers)
    rate, count = float(shares.mean()), len(shares)
    return KeptRate(promised, int(wrong.sum()), rate, wilson(rate * count, count))
