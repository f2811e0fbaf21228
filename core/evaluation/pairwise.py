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
from core.sentence import Sentence, joined

SIGNIFICANCE_LEVEL = 0.05
TOO_NARROW = Sentence(
    "A model ranks all of these images correctly, or all wrongly: the variance of such an area cannot be "
    "estimated, and the interval is too narrow."
)
PERFECT = Sentence(
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
        return joined([self._conclusion(), self.caution], " ") if self.caution else self._conclusion()

    def _conclusion(self) -> str:
        metric = METRICS[self.measure]
        if self.difference is None or self.reason:
            return joined([Sentence("{metric} cannot be compared.", metric=metric.title), self.reason], " ")
        if self.difference.value == 0:
            return Sentence(
                "{metric} is the same for {first} and {second} on these images (95% interval {bounds}).",
                metric=metric.title,
                first=self.first,
                second=self.second,
                bounds=self.bounds,
            )
        text = Sentence(
            "{metric} is {amount} higher for {higher} than for {lower} (95% interval {bounds}).",
            metric=metric.title,
            amount=self.amount,
            higher=self.higher,
            lower=self.lower,
            bounds=self.bounds,
        )
        return joined([text, self.significance], " ")

    @property
    def higher(self) -> str:
        """The model with the higher value."""
        assert self.difference is not None
        return self.second if self.difference.value > 0 else self.first

    @property
    def lower(self) -> str:
        """The model with the lower value."""
        return self.first if self.higher == self.second else self.second

    @property
    def amount(self) -> str:
        """By how much the higher value exceeds the lower one, with its unit."""
        assert self.difference is not None
        scale, decimals = self._format()
        value = f"{abs(scale * self.difference.value):.{decimals}f}"
        return value if scale == 1 else Sentence("{value} percentage points", value=value)

    @property
    def bounds(self) -> str:
        """95% interval of the higher minus the lower value."""
        assert self.difference is not None
        low, high = self.difference.interval
        ends = (-high, -low) if self.difference.value < 0 else (low, high)
        scale, decimals = self._format()
        low, high = (f"{scale * end:+.{decimals}f}" for end in ends)
        return Sentence("{low} to {high}", low=low, high=high)

    @property
    def p_value(self) -> str:
        """The corrected p value, as `p = 0.012`."""
        assert self.adjusted is not None  # every difference has one
        return f"p = {self.adjusted:.3f}" if self.adjusted >= 0.001 else "p < 0.001"

    @property
    def significant(self) -> bool:
        """Whether the models differ by more than chance explains."""
        return not self.reason and self.adjusted is not None and self.adjusted < SIGNIFICANCE_LEVEL

    @property
    def significance(self) -> str:
        """Whether the difference is significant, in a sentence."""
        assert self.difference is not None
        low, high = self.difference.interval
        if self.significant:
            return Sentence("The difference is statistically significant ({p}).", p=self.p_value)
        if not low <= 0 <= high:
            return Sentence(
                "This is borderline ({p} after correction): suggestive, not conclusive.", p=self.p_value
            )
        return Sentence(
            "The difference is not statistically significant ({p}), which does not show that the models are "
            "equally good.",
            p=self.p_value,
        )

    def _format(self) -> tuple[int, int]:
        """Factor and decimals of the metric's differences; those of rates are in percentage points."""
        return (100, 1) if METRICS[self.measure].format == PERCENT else (1, 3)


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
