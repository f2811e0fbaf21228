"""Thresholds, always found on validation: from which probability a film is called PNEUMONIA."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_curve

from core.config import THRESHOLD
from core.errors import UserError

SENSITIVITY = 0.95
YOUDEN = "largest sensitivity + specificity on validation (Youden's J)"  # the rule, in words
AT_LEAST = "{} of at least {:.0%} on validation"
FROZEN = {  # the rules of `frozen_points`, by their words
    AT_LEAST.format("sensitivity", SENSITIVITY): "sensitivity",
    YOUDEN: "youden",
}


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and why it was chosen.

    Attributes:
        name: short, for menus.
        threshold: probability from which a film is called PNEUMONIA.
        rule: how it was found, in words.
    """

    name: str
    threshold: float
    rule: str


DEFAULT = OperatingPoint("one half", THRESHOLD, "fixed at a probability of one half")


def frozen_points(labels: np.ndarray, probabilities: np.ndarray) -> list[OperatingPoint]:
    """The points that are kept with every run: validation sensitivity 0.95, and Youden's J.

    Args:
        labels, probabilities: of the validation images; [] when they hold one class only.
    """
    if len(np.unique(labels)) < 2:
        return []
    return [
        at_least(labels, probabilities, "sensitivity", SENSITIVITY),
        youden(labels, probabilities),
    ]


def found_by(
    rule: str, labels: np.ndarray, probabilities: np.ndarray, amount: float | None = None
) -> OperatingPoint:
    """The point that a rule finds on validation images.

    Args:
        rule: `half`, `youden`, `sensitivity`, `specificity` or `cost`.
        labels, probabilities: of the validation images.
        amount: the rate to reach (0.95 unless given), or what a miss costs in false alarms.

    Raises:
        UserError: the amount is out of range, or one class is missing.
    """
    if rule == "half":
        return DEFAULT
    if rule == "youden":
        return youden(labels, probabilities)
    if rule == "cost":
        return lowest_cost(labels, probabilities, amount)
    return at_least(labels, probabilities, rule, SENSITIVITY if amount is None else amount)


def youden(labels: np.ndarray, probabilities: np.ndarray) -> OperatingPoint:
    """Where sensitivity + specificity - 1 is largest (Youden, Cancer 1950)."""
    false_alarms, found, thresholds = _curve(labels, probabilities)
    best = int(np.argmax(found - false_alarms))
    return OperatingPoint("Youden's J", float(thresholds[best]), YOUDEN)


def at_least(labels: np.ndarray, probabilities: np.ndarray, rate: str, least: float) -> OperatingPoint:
    """The best other rate among thresholds that keep one rate high enough.

    Args:
        rate: `sensitivity` or `specificity`.
        least: what it must reach on these images, above 0 and at most 1.

    Raises:
        UserError: `least` is out of range, or one class is missing.
    """
    if not 0 < least <= 1:
        raise UserError(f"The {rate} asked for is {least}; choose one above 0 and at most 1.")
    false_alarms, found, thresholds = _curve(labels, probabilities)
    if rate == "sensitivity":
        allowed, gain = found >= least - 1e-12, -false_alarms
    else:
        allowed, gain = 1 - false_alarms >= least - 1e-12, found
    best = int(np.flatnonzero(allowed)[np.argmax(gain[allowed])])
    name = f"{rate} {least:.0%}"
    return OperatingPoint(name, float(thresholds[best]), AT_LEAST.format(rate, least))


def lowest_cost(labels: np.ndarray, probabilities: np.ndarray, ratio: float) -> OperatingPoint:
    """Where misses and false alarms cost least, a miss costing `ratio` false alarms.

    Raises:
        UserError: `ratio` is not above 0, or one class is missing.
    """
    if not 0 < ratio < float("inf"):
        raise UserError(f"The cost ratio is {ratio}; choose a number above 0.")
    false_alarms, found, thresholds = _curve(labels, probabilities)
    positives = float(np.sum(labels))
    cost = ratio * positives * (1 - found) + (len(labels) - positives) * false_alarms
    best = int(np.argmin(cost))
    rule = f"lowest cost on validation, a miss costing {ratio:g} false alarms"
    return OperatingPoint(f"cost {ratio:g} to 1", float(thresholds[best]), rule)


def _curve(labels: np.ndarray, probabilities: np.ndarray):
    if len(np.unique(labels)) < 2:
        raise UserError("Validation holds one class only: no operating point can be found on it.")
    false_alarms, found, thresholds = roc_curve(labels, probabilities, drop_intermediate=False)
    # The first threshold, infinity, calls nothing positive; a threshold of 1 nearly does.
    return false_alarms, found, np.minimum(thresholds, 1.0)
