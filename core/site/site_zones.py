"""Three zones for one hospital: found on its images, judged on images that they were not found on."""

from dataclasses import asdict, dataclass
from math import ceil

import numpy as np

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation import (
    FALSE_ALARM_RATE,
    MISS_RATE,
    Interval,
    Predictions,
    ZoneOutcome,
    Zones,
    find_zones,
    outcome_of_parts,
    patient_weights,
    patients_for_rate,
    percentile_interval,
)
from core.sentence import Sentence, joined
from core.site.measurement import SiteMeasurement
from core.site.patient_folds import FOLDS, held_out_parts
from core.site.zone_words import outcome_words

NO_BETTER_THAN_CHANCE = Sentence(
    "That is not shown to be better than chance: as many images may be decided wrongly as rightly."
)


@dataclass(frozen=True)
class SiteZones:
    """Zones for one hospital, with their evidence.

    Attributes:
        zones: bounds of the calibrated probability.
        site: name of the folder or table.
        model: name, version and digest of the model that was measured.
        images, patients: that they were found on.
        expected: each image in zones that were found without its patient.
        advantage: by how much more of both classes is decided rightly than wrongly, the shares of both added;
            0 by chance.
        advantage_interval: its 95% interval, by patient; None where it is unknown.
    """

    zones: Zones
    site: str
    model: str
    images: int
    patients: int
    expected: ZoneOutcome
    advantage: float
    advantage_interval: Interval | None

    @property
    def rule(self) -> str:
        """How they were found, in words."""
        return f"on {self.images:,} images of {self.site}"

    @property
    def is_chance(self) -> bool:
        """Whether they are not shown to decide more rightly than wrongly."""
        return self.advantage_interval is None or self.advantage_interval[0] <= 0

    @property
    def broken(self) -> list[str]:
        """Which of the two promises are shown to be broken: the whole interval is above the rate."""
        rates = {
            Sentence("missed"): self.expected.missed,
            Sentence("false alarms"): self.expected.false_alarms,
        }
        return [name for name, kept in rates.items() if kept.interval and kept.interval[0] > kept.promised]

    def values(self) -> dict:
        """Everything as plain values, and what is checked before a version with them is promoted."""
        check = {
            "title": Sentence("Zones for a hospital are shown to do better than chance and break no promise"),
            "passed": not self._faults(),
            "detail": joined([self._expected(), *self._faults()], " "),
        }
        return asdict(self) | {"check": check}

    def sentences(self) -> list[str]:
        """The zones, what they promise, and what to expect, one sentence each."""
        zones = self.zones
        return [
            Sentence(
                "Rule out below {low:.1%}, rule in above {high:.1%}; between them undecided (calibrated, "
                "found on {images:,} images of {site}).",
                low=zones.low,
                high=zones.high,
                images=self.images,
                site=self.site,
            ),
            Sentence(
                "Promised on average over patients like these: at most {miss_rate:.1%} of images with "
                "pneumonia are ruled out, at most {false_alarm_rate:.1%} of the others are ruled in "
                "(conformal risk control). For other patients, nothing is promised.",
                miss_rate=zones.miss_rate,
                false_alarm_rate=zones.false_alarm_rate,
            ),
            self._expected(),
            *self._faults(),
        ]

    def _expected(self) -> str:
        bounds = (
            Sentence(
                "{low:+.1%} to {high:+.1%}", low=self.advantage_interval[0], high=self.advantage_interval[1]
            )
            if self.advantage_interval
            else Sentence("unknown")
        )
        return Sentence(
            "Each image in zones found without its patient ({folds} folds): {outcome}. Decided rightly minus "
            "wrongly, the shares of both classes added: {advantage:+.1%} ({bounds}).",
            folds=FOLDS,
            outcome=outcome_words(self.expected),
            advantage=self.advantage,
            bounds=bounds,
        )

    def _faults(self) -> list[str]:
        """What speaks against the zones, one sentence each."""
        broken = [Sentence("The promise is broken here: {name}.", name=name) for name in self.broken]
        return [*([NO_BETTER_THAN_CHANCE] if self.is_chance else []), *broken]


def find_site_zones(
    measurement: SiteMeasurement,
    miss_rate: float = MISS_RATE,
    false_alarm_rate: float = FALSE_ALARM_RATE,
) -> SiteZones:
    """The zones that keep two rates on local images, and what to expect of them.

    Args:
        measurement: of the model on the images.
        miss_rate, false_alarm_rate: to promise, above 0 and below 1.

    Raises:
        UserError: a rate is out of range, or a class has too few patients with a result.
    """
    predictions, threshold = measurement.predictions, measurement.readings.threshold
    _check_enough(predictions, {POSITIVE: miss_rate, 1 - POSITIVE: false_alarm_rate})
    assert predictions is not None
    labels, patients, scores = predictions.labels, predictions.patients, predictions.probabilities
    rates = threshold, miss_rate, false_alarm_rate
    zones = find_zones(labels, scores, patients, *rates)
    below, above = np.empty((2, len(labels)), bool)
    for inside, outside in held_out_parts(labels, patients):
        without = find_zones(labels[outside], scores[outside], patients[outside], *rates)
        below[inside], above[inside] = scores[inside] < without.low, scores[inside] > without.high
    return SiteZones(
        zones,
        measurement.readings.name,
        measurement.readings.model,
        len(labels),
        len(np.unique(patients)),
        outcome_of_parts(below, above, labels, patients, miss_rate, false_alarm_rate),
        *_advantage(above.astype(int) - below, labels, patients),
    )


def _advantage(
    decisions: np.ndarray, labels: np.ndarray, patients: np.ndarray
) -> tuple[float, Interval | None]:
    """By how much more is decided rightly than wrongly, and its interval by patient.

    Args:
        decisions: 1 for rule in, -1 for rule out, 0 for undecided, (n,).
        labels, patients: (n,).
    """
    right = np.where(labels == POSITIVE, decisions, -decisions)
    weights = np.vstack([np.ones(len(labels)), patient_weights(patients)])  # first, each image once
    shares = []
    for label in range(len(CLASS_NAMES)):
        of_class = weights * (labels == label)
        with np.errstate(invalid="ignore"):  # a resample without an image of the class
            shares.append(of_class @ right / of_class.sum(axis=1))
    advantages = np.sum(shares, axis=0)
    return float(advantages[0]), percentile_interval(advantages[1:])


def patients_for_zones(rate: float) -> int:
    """The fewest patients of a class of which any four fifths are enough to promise a rate.

    >>> patients_for_zones(0.02), patients_for_zones(0.05)
    (62, 24)
    """
    return ceil(patients_for_rate(rate) * FOLDS / (FOLDS - 1))


def _check_enough(predictions: Predictions | None, rates: dict[int, float]) -> None:
    """Raises UserError for a rate out of range or too few patients of a class."""
    for label, rate in rates.items():
        if not 0 < rate < 1:
            raise UserError(Sentence("The rate is {rate:g}; choose one above 0 and below 1.", rate=rate))
        of_class = predictions.patients[predictions.labels == label] if predictions else []
        count, needed = len(np.unique(of_class)), patients_for_zones(rate)
        if count < needed:
            raise UserError(
                Sentence(
                    "{count} {name} patients have a result; to promise {rate:.3g} takes at least "
                    "{needed:,}. Choose a higher rate or collect more images.",
                    count=count,
                    name=CLASS_NAMES[label],
                    rate=rate,
                    needed=needed,
                )
            )
