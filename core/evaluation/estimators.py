"""How a metric's value and its 95% interval are estimated: one class for each kind of interval."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from core.evaluation.intervals import Interval, percentile_interval, wilson
from core.evaluation.outcomes import Counts, Outcomes


class Estimator(Protocol):
    """What a metric needs.

    Attributes:
        interval_kind: `wilson` or `bootstrap`.
        uses_threshold: whether the value depends on the decision threshold.
    """

    interval_kind: ClassVar[str]
    uses_threshold: ClassVar[bool]

    def value(self, outcomes: Outcomes) -> float | None:
        """The metric; None where it is undefined, such as a rate of no images."""

    def interval(self, outcomes: Outcomes, weights: np.ndarray) -> Interval | None:
        """Its 95% interval; `weights` of `patient_weights`, (resamples, n)."""


@dataclass(frozen=True)
class Proportion:
    """A share of the images, such as sensitivity, with Wilson's interval.

    Attributes:
        part, whole: numerator and denominator from the confusion matrix.
    """

    part: Callable[[Counts[int]], int]
    whole: Callable[[Counts[int]], int]
    interval_kind: ClassVar[str] = "wilson"
    uses_threshold: ClassVar[bool] = True

    def value(self, outcomes: Outcomes) -> float | None:
        whole = self.whole(outcomes.counts)
        return self.part(outcomes.counts) / whole if whole else None

    def interval(self, outcomes: Outcomes, weights: np.ndarray) -> Interval | None:
        return wilson(self.part(outcomes.counts), self.whole(outcomes.counts))


@dataclass(frozen=True)
class CountStatistic:
    """A function of the confusion matrix that is not a proportion, such as F1, with a bootstrap interval.

    Attributes:
        compute: takes counts of many resamples, returns (resamples,); NaN or infinite where undefined.
    """

    compute: Callable[[Counts[np.ndarray]], np.ndarray]
    interval_kind: ClassVar[str] = "bootstrap"
    uses_threshold: ClassVar[bool] = True

    def value(self, outcomes: Outcomes) -> float | None:
        (value,) = self._resampled(outcomes, np.ones((1, len(outcomes)), np.int64))
        return float(value) if np.isfinite(value) else None

    def interval(self, outcomes: Outcomes, weights: np.ndarray) -> Interval | None:
        return percentile_interval(self._resampled(outcomes, weights))

    def _resampled(self, outcomes: Outcomes, weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.compute(outcomes.resampled_counts(weights))


@dataclass(frozen=True)
class ScoreStatistic:
    """A function of the probabilities that needs no threshold, such as ROC AUC, with a bootstrap interval.

    Attributes:
        compute: takes labels and probabilities, both (n,), returns the value.
        resampled: takes outcomes and weights (resamples, n), returns the value in each resample.
        needs_both_classes: whether it is undefined on images of one class.
    """

    compute: Callable[[np.ndarray, np.ndarray], float]
    resampled: Callable[[Outcomes, np.ndarray], np.ndarray]
    needs_both_classes: bool = False
    interval_kind: ClassVar[str] = "bootstrap"
    uses_threshold: ClassVar[bool] = False

    def value(self, outcomes: Outcomes) -> float | None:
        if self.needs_both_classes and not outcomes.has_both_classes:
            return None
        return float(self.compute(outcomes.labels, outcomes.probabilities))

    def interval(self, outcomes: Outcomes, weights: np.ndarray) -> Interval | None:
        return percentile_interval(self.resampled(outcomes, weights))
