"""Operating points: decision thresholds and the rules that find them, always on validation."""

from dataclasses import dataclass

import numpy as np

from core.config import THRESHOLD
from core.errors import UserError
from core.sentence import Sentence, template

TARGET_SENSITIVITY = 0.95
FIXED_SENSITIVITIES = (0.90, 0.95, 0.98)  # at which specificities are read from a curve
YOUDEN = Sentence("largest sensitivity + specificity on validation (Youden's J)")  # the rule in words
AT_LEAST = template("{rate} of at least {minimum:g}% on validation")
RULES = {  # of `frozen_points`, by their words in a model's record
    AT_LEAST.format(rate="sensitivity", minimum=100 * TARGET_SENSITIVITY): "sensitivity",
    YOUDEN: "youden",
}


@dataclass(frozen=True)
class OperatingPoint:
    """A decision threshold and how it was chosen.

    Attributes:
        name: short, for menus.
        threshold: probability at or above which an image is predicted PNEUMONIA.
        rule: how the threshold was chosen, in words.
    """

    name: str
    threshold: float
    rule: str


DEFAULT = OperatingPoint("one half", THRESHOLD, Sentence("fixed at a probability of one half"))


def frozen_points(labels: np.ndarray, probabilities: np.ndarray) -> list[OperatingPoint]:
    """The points that are saved with every trained model: validation sensitivity 0.95, and Youden's J.

    Args:
        labels, probabilities: of the validation images, shape (n,).

    Returns:
        The points; [] if the images belong to one class only.
    """
    if len(np.unique(labels)) < 2:
        return []
    return [
        at_least(labels, probabilities, "sensitivity", TARGET_SENSITIVITY),
        youden(labels, probabilities),
    ]


def find_point(
    rule: str, labels: np.ndarray, probabilities: np.ndarray, amount: float | None = None
) -> OperatingPoint:
    """The operating point that a rule finds on validation images.

    Args:
        rule: `half`, `youden`, `sensitivity`, `specificity` or `cost`.
        amount: rate to reach or cost ratio, for the rules that need one.

    Raises:
        UserError: the amount is out of range, or one class is missing.
    """
    if rule == "half":
        return DEFAULT
    if rule == "youden":
        return youden(labels, probabilities)
    if rule == "cost":
        assert amount is not None  # this rule needs one
        return lowest_cost(labels, probabilities, amount)
    return at_least(labels, probabilities, rule, TARGET_SENSITIVITY if amount is None else amount)


def youden(labels: np.ndarray, probabilities: np.ndarray) -> OperatingPoint:
    """The threshold with the largest sensitivity + specificity - 1 (Youden, Cancer 1950)."""
    false_positive_rates, sensitivities, thresholds = _roc(labels, probabilities)
    best = int(np.argmax(sensitivities - false_positive_rates))
    return OperatingPoint("Youden's J", float(thresholds[best]), YOUDEN)


def at_least(labels: np.ndarray, probabilities: np.ndarray, rate: str, minimum: float) -> OperatingPoint:
    """Of the thresholds that keep one rate at a minimum, the one with the best other rate.

    Args:
        rate: `sensitivity` or `specificity`.
        minimum: what the rate must reach on these images, above 0 and at most 1.

    Raises:
        UserError: `minimum` is out of range, or one class is missing.
    """
    check_minimum(rate, minimum)
    false_positive_rates, sensitivities, thresholds = _roc(labels, probabilities)
    if rate == "sensitivity":
        allowed, gain = sensitivities >= minimum - 1e-12, -false_positive_rates
    else:
        allowed, gain = 1 - false_positive_rates >= minimum - 1e-12, sensitivities
    best = int(np.flatnonzero(allowed)[np.argmax(gain[allowed])])
    rule = Sentence(AT_LEAST, rate=Sentence(rate), minimum=100 * minimum)
    return OperatingPoint(f"{rate} {100 * minimum:g}%", float(thresholds[best]), rule)


def specificities(labels: np.ndarray, probabilities: np.ndarray) -> dict[float, float]:
    """The best specificity among the thresholds that reach each of `FIXED_SENSITIVITIES` on these images.

    They describe the curve: a threshold found on the images that it is measured on is too favourable.

    Raises:
        UserError: one class is missing.
    """
    best = {}
    for minimum in FIXED_SENSITIVITIES:
        threshold = at_least(labels, probabilities, "sensitivity", minimum).threshold
        best[minimum] = float((np.asarray(probabilities)[np.asarray(labels) == 0] < threshold).mean())
    return best


def check_minimum(rate: str, minimum: float) -> None:
    """Raises UserError if a rate cannot be kept at a minimum."""
    if not 0 < minimum <= 1:
        raise UserError(
            Sentence(
                "The minimum {rate} is {minimum}; choose one above 0 and at most 1.",
                rate=rate,
                minimum=minimum,
            )
        )


def lowest_cost(labels: np.ndarray, probabilities: np.ndarray, ratio: float) -> OperatingPoint:
    """The threshold at which errors cost least, if a false negative costs `ratio` false positives.

    Raises:
        UserError: `ratio` is not above 0, or one class is missing.
    """
    if not 0 < ratio < float("inf"):
        raise UserError(Sentence("The cost ratio is {ratio}; choose a number above 0.", ratio=ratio))
    false_positive_rates, sensitivities, thresholds = _roc(labels, probabilities)
    positives = float(np.sum(labels))
    cost = ratio * positives * (1 - sensitivities) + (len(labels) - positives) * false_positive_rates
    best = int(np.argmin(cost))
    rule = Sentence(
        "lowest cost on validation, if a false negative costs {ratio:g} false positives", ratio=ratio
    )
    return OperatingPoint(f"cost {ratio:g} to 1", float(thresholds[best]), rule)


def _roc(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False positive rates, sensitivities and thresholds, all (k,)."""
    from sklearn.metrics import roc_curve

    if len(np.unique(labels)) < 2:
        raise UserError(
            Sentence("The validation images belong to one class only: no operating point can be found.")
        )
    false_positive_rates, sensitivities, thresholds = roc_curve(
        labels, probabilities, drop_intermediate=False
    )
    # scikit-learn's first threshold is infinite, so that nothing is predicted positive; 1 comes close.
    return false_positive_rates, sensitivities, np.minimum(thresholds, 1.0)
