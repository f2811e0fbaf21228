"""Models against each other on the same images, with what can and cannot be concluded."""

from dataclasses import dataclass
from itertools import combinations

from core.errors import UserError
from core.evaluation.differences import Difference, delong, holm, mcnemar, paired_rate
from core.evaluation.predictions import Predictions, check_same_images

SIGNIFICANT = 0.05
MEASURES = {
    "auc": "ROC AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


@dataclass(frozen=True)
class Comparison:
    """Second model minus first.

    Attributes:
        first, second: names.
        measure: a key of MEASURES.
        difference: value, 95 % interval, p value; None where the images cannot tell.
        adjusted: p value after Holm's correction for all pairs compared on this measure.
        reason: why there is no difference to show; "" where there is one.
    """

    first: str
    second: str
    measure: str
    difference: Difference | None
    adjusted: float | None = None
    reason: str = ""

    def sentence(self) -> str:
        """What can and what cannot be concluded, in plain words."""
        title = MEASURES[self.measure]
        if self.difference is None:
            return f"{title}: cannot be compared. {self.reason}"
        value, (low, high) = self.difference.value, self.difference.interval
        if value == 0:
            reach = f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
            return f"{self.first} and {self.second} have the same {title} here ({reach})."
        better, worse = (self.second, self.first) if value > 0 else (self.first, self.second)
        ends = (low, high) if value > 0 else (-high, -low)  # of better minus worse
        reach = "95 % interval {:+.1f} to {:+.1f}".format(*(100 * end for end in ends))
        chance = f"p = {self.adjusted:.3f}" if self.adjusted >= 0.001 else "p < 0.001"
        said = f"{better} has the higher {title} than {worse} by {abs(100 * value):.1f} points ({reach})"
        if self.adjusted < SIGNIFICANT:
            return f"{said}: more than chance explains, {chance}."
        if not low <= 0 <= high:
            return f"{said}, on the edge of what chance explains, {chance}: take it as a hint, not a finding."
        return (
            f"{said}, which chance explains as well, {chance}: these images do not tell which is better, and "
            "do not show that they are equal."
        )


def compare(models: list[Predictions], thresholds: dict[str, float]) -> list[Comparison]:
    """Every pair of models on every measure, p values corrected by Holm within a measure.

    Args:
        models: answers about the same images.
        thresholds: by model name, from which probability a film is called PNEUMONIA.

    Raises:
        UserError: they were measured on different images.
    """
    if len(models) < 2:
        return []
    check_same_images(models)
    found = []
    for measure in MEASURES:
        pairs = [_pair(first, second, thresholds, measure) for first, second in combinations(models, 2)]
        tested = [pair for pair in pairs if pair.difference]
        adjusted = iter(holm([pair.difference.p_value for pair in tested]))
        found += [
            Comparison(pair.first, pair.second, measure, pair.difference, next(adjusted))
            if pair.difference
            else pair
            for pair in pairs
        ]
    return found


def _pair(first: Predictions, second: Predictions, thresholds: dict[str, float], measure: str) -> Comparison:
    labels = first.labels
    called = [model.probabilities >= thresholds[model.name] for model in (first, second)]
    try:
        if measure == "auc":
            difference = delong(labels, first.probabilities, second.probabilities)
        elif measure == "accuracy":
            difference = mcnemar(labels, *called)
        else:
            difference = paired_rate(labels, *called, measure)
    except UserError as error:
        return Comparison(first.name, second.name, measure, None, reason=str(error))
    return Comparison(first.name, second.name, measure, difference)
