"""A decision threshold for one hospital: found on its images, judged on images that it was not found on."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from core.config import CLASS_NAMES
from core.errors import UserError
from core.evaluation import (
    Interval,
    OperatingPoint,
    Predictions,
    check_minimum,
    find_point,
    wilson_by_patient,
)
from core.registry import THRESHOLD_CHECK
from core.sentence import Sentence, joined
from core.site.measurement import SiteMeasurement
from core.site.patient_folds import FOLDS, held_out_parts

NO_BETTER_THAN_CHANCE = Sentence(
    "That is no better than chance: at this threshold, the model is of no use on these images."
)
MIN_CLASS_PATIENTS = 30  # with fewer of a class, a threshold is the work of two or three patients


@dataclass(frozen=True)
class Rates:
    """Sensitivity and specificity with Wilson's 95% intervals by patient."""

    sensitivity: float
    sensitivity_interval: Interval | None
    specificity: float
    specificity_interval: Interval | None

    @classmethod
    def of(cls, labels: np.ndarray, predicted: np.ndarray, patients: np.ndarray) -> "Rates":
        """Rates of predicted labels, bool (n,)."""
        values = []
        for of_class, correct in ((labels == 1, predicted), (labels == 0, ~predicted)):
            values.append(float(correct[of_class].mean()))
            values.append(wilson_by_patient(correct[of_class], patients[of_class]))
        return cls(*values)

    def sentence(self) -> str:
        """Both rates in words."""
        parts = [("sensitivity", self.sensitivity, self.sensitivity_interval)]
        parts.append(("specificity", self.specificity, self.specificity_interval))
        return joined([_rate(*part) for part in parts], ", ")


def _rate(name: str, value: float, interval: Interval | None) -> Sentence:
    if interval is None:
        return Sentence("{name} {rate:.1%}", name=Sentence(name), rate=value)
    low, high = interval
    return Sentence(
        "{name} {rate:.1%} ({low:.1%} to {high:.1%})", name=Sentence(name), rate=value, low=low, high=high
    )


@dataclass(frozen=True)
class SitePoint:
    """A decision threshold for one hospital, with its evidence.

    Attributes:
        point: its threshold is of the model's own probability, before calibration, as in a model's record.
        site: name of the folder or table.
        model: name, version and digest of the model that was measured.
        images, patients: that it was found on.
        before: rates at the model's own threshold.
        after: rates to expect at the new one: each image at a threshold that was found without its patient.
    """

    point: OperatingPoint
    site: str
    model: str
    images: int
    patients: int
    before: Rates
    after: Rates

    def values(self) -> dict:
        """Everything as plain values, and what is checked before a version with it is promoted."""
        expected = Sentence(
            "Expected on images of {site}: {rates}.", site=self.site, rates=self.after.sentence()
        )
        check = {
            "title": THRESHOLD_CHECK,
            "passed": not self.is_chance,
            "detail": joined([expected, NO_BETTER_THAN_CHANCE], " ") if self.is_chance else expected,
        }
        return asdict(self) | {"check": check}

    @property
    def is_chance(self) -> bool:
        """Whether the rates to expect are no better than chance."""
        return self.after.sensitivity + self.after.specificity <= 1

    def sentences(self) -> list[str]:
        """The threshold and what it does, one sentence each."""
        return [
            Sentence(
                "Decision threshold {threshold:.4g} (before calibration): {rule}.",
                threshold=self.point.threshold,
                rule=self.point.rule,
            ),
            Sentence("At the present threshold: {rates}.", rates=self.before.sentence()),
            Sentence(
                "Expected at the new one: {rates}, each image at a threshold found without its "
                "patient ({folds} folds).",
                rates=self.after.sentence(),
                folds=FOLDS,
            ),
            *([NO_BETTER_THAN_CHANCE] if self.is_chance else []),
        ]


def check_rule(rule: str, amount: float | None) -> None:
    """Refuse a rule and its amount before any image is read.

    Raises:
        UserError: the amount is out of range, or the rule takes none.
    """
    if amount is None:
        return
    if rule == "youden":
        raise UserError(
            Sentence(
                "The rule youden takes no rate to keep, but {amount:g} is given. Leave one of them out.",
                amount=amount,
            )
        )
    check_minimum(rule, amount)


def find_site_point(measurement: SiteMeasurement, rule: str, amount: float | None = None) -> SitePoint:
    """The threshold that a rule finds on local images, and what to expect of it.

    Args:
        measurement: of the model on the images.
        rule: `youden`, `sensitivity`, `specificity` or `cost`.
        amount: as for `core.evaluation.find_point`.

    Raises:
        UserError: there are fewer than 30 patients of a class with a result, or the amount is out of range.
    """
    predictions = measurement.predictions
    _check_enough(predictions)
    assert predictions is not None
    labels, patients = predictions.labels, predictions.patients
    raw = predictions.table["raw"].to_numpy(np.float64)
    point = find_point(rule, labels, raw, amount)
    words = point.rule.replace("on validation", f"on {len(labels):,} images of {measurement.readings.name}")
    predicted = np.zeros(len(labels), bool)
    for inside, outside in held_out_parts(labels, patients):
        threshold = find_point(rule, labels[outside], raw[outside], amount).threshold
        predicted[inside] = raw[inside] >= threshold
    return SitePoint(
        replace(point, rule=words),
        measurement.readings.name,
        measurement.readings.model,
        len(labels),
        len(np.unique(patients)),
        Rates.of(labels, predictions.probabilities >= measurement.readings.threshold, patients),
        Rates.of(labels, predicted, patients),
    )


def _check_enough(predictions: Predictions | None) -> None:
    for number, name in enumerate(CLASS_NAMES):
        of_class = predictions.patients[predictions.labels == number] if predictions else []
        count = len(np.unique(of_class))
        if count < MIN_CLASS_PATIENTS:
            raise UserError(
                Sentence(
                    "{count} {name} patients have a result; a threshold takes at least {least} "
                    "of each class. Collect more images.",
                    count=count,
                    name=name,
                    least=MIN_CLASS_PATIENTS,
                )
            )
