"""Every pair of models tested for a difference on the same images."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from core.errors import UserError
from core.evaluation.metrics import METRICS, PERCENT
from core.evaluation.outcomes import Outcomes
from core.evaluation.paired_tests import Difference, holm
from core.evaluation.predictions import Predictions, check_same_images
from core.evaluation.sample_size import too_few

SIGNIFICANCE_LEVEL = 0.05
TOO_NARROW = (
    "A model ranks all of these images correctly, or all wrongly: the variance of such an area cannot be "
    "estimated, and the interval is too narrow."
)
PERFECT = (
    "Both models rank all of these images correctly, or all wrongly, so the variance cannot be estimated and "
    "nothing can be concluded. Evaluate them on more images."
)


@dataclass(frozen=True)
class PairwiseTest:
    """Second model minus first.

    Attributes:
        first, second: names of the models.
        measure: name of the metric.
        difference: value, 95% interval and p value; None if it is undefined on these images.
        adjusted: p value after Holm's correction for all pairs tested on this metric.
        reason: why nothing can be concluded; "" if something can.
        caution: why the interval is not to be trusted, in a sentence; "" if it is.
    """

    first: str
    second: str
    measure: str
    difference: Difference | None
    adjusted: float | None = None
    reason: str = ""
    caution: str = ""

    def sentence(self) -> str:
        """What these images show about the pair, and what they do not."""
        return " ".join(filter(None, (self._conclusion(), self.caution)))

    def _conclusion(self) -> str:
        metric = METRICS[self.measure]
        if self.difference is None or self.reason:
            return f"{metric.title} cannot be compared. {self.reason}"
        value, (low, high) = self.difference.value, self.difference.interval
        scale, decimals, unit = (100, 1, " percentage points") if metric.format == PERCENT else (1, 3, "")
        if value == 0:
            bounds = f"95% interval {scale * low:+.{decimals}f} to {scale * high:+.{decimals}f}"
            return f"{self.first} and {self.second} have the same {metric.label} on these images ({bounds})."
        higher, lower = (self.second, self.first) if value > 0 else (self.first, self.second)
        ends = (low, high) if value > 0 else (-high, -low)  # of higher minus lower
        bounds = "95% interval " + " to ".join(f"{scale * end:+.{decimals}f}" for end in ends)
        assert self.adjusted is not None  # every difference has one
        p_value = f"p = {self.adjusted:.3f}" if self.adjusted >= 0.001 else "p < 0.001"
        amount = f"{abs(scale * value):.{decimals}f}{unit}"
        text = f"{metric.title} is {amount} higher for {higher} than for {lower} ({bounds})"
        if self.adjusted < SIGNIFICANCE_LEVEL:
            return f"{text}. The difference is statistically significant ({p_value})."
        if not low <= 0 <= high:
            return f"{text}. This is borderline ({p_value} after correction): suggestive, not conclusive."
        return (
            f"{text}. The difference is not statistically significant ({p_value}), which does not show that "
            "the models are equally good."
        )


def pairwise_tests(models: list[Predictions], thresholds: dict[str, float]) -> list[PairwiseTest]:
    """Test every pair of models on every metric that has a paired test.

    P values are corrected by Holm's method for the pairs tested on the same metric.

    Args:
        models: predictions for the same images.
        thresholds: decision threshold by model name.

    Raises:
        UserError: the models were evaluated on different images.
    """
    if len(models) < 2:
        return []
    check_same_images(models)
    tests = []
    for measure in _tested_metrics():
        pairs = [_test(first, second, thresholds, measure) for first, second in combinations(models, 2)]
        p_values = [pair.difference.p_value for pair in pairs if pair.difference]
        adjusted = iter(holm(p_values))
        tests += [replace(pair, adjusted=next(adjusted)) if pair.difference else pair for pair in pairs]
    return tests


def _tested_metrics() -> list[str]:
    """Metrics with a paired test; those that need no threshold first."""
    names = [name for name, metric in METRICS.items() if metric.paired_test]
    return sorted(names, key=lambda name: METRICS[name].estimator.uses_threshold)


def _test(
    first: Predictions, second: Predictions, thresholds: dict[str, float], measure: str
) -> PairwiseTest:
    paired_test = METRICS[measure].paired_test
    assert paired_test is not None  # `measure` is one of `_tested_metrics`
    outcomes = [
        Outcomes.of(model.labels, model.probabilities, thresholds[model.name]) for model in (first, second)
    ]
    pair = PairwiseTest(first.name, second.name, measure, None)
    tested = np.isin(first.labels, METRICS[measure].tested_on)
    try:
        difference = paired_test(*outcomes)
    except UserError as error:
        return replace(pair, reason=str(error))
    if reason := too_few(first.labels[tested], first.patients[tested]):
        return replace(pair, reason=reason)
    if difference.value == 0 and difference.interval == (0, 0) and not _rank_alike(first, second):
        return replace(pair, difference=difference, reason=PERFECT)
    perfect = measure == "auc" and any(_is_perfect(model) for model in outcomes)
    return replace(pair, difference=difference, caution=TOO_NARROW if perfect else "")


def _is_perfect(outcomes: Outcomes) -> bool:
    """Whether every positive is ranked above every negative, or below it: such an area has no variance."""
    positive = outcomes.labels == 1
    above, below = outcomes.probabilities[positive], outcomes.probabilities[~positive]
    return bool(above.min() > below.max() or above.max() < below.min())


def _rank_alike(first: Predictions, second: Predictions) -> bool:
    """Whether two models put the images in the same order, so that their areas are the same on any images."""
    one, other = (np.unique(model.probabilities, return_inverse=True)[1] for model in (first, second))
    return np.array_equal(one, other)
