"""Rank metrics of many bootstrap resamples at once: the probabilities are sorted only once."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RankedScores:
    """Labels and probabilities in ascending order of probability.

    Attributes:
        labels: bool (n,).
        probabilities: float64 (n,).
        order: positions that sort the arrays as given, (n,).
        starts: where each distinct probability begins, (distinct,).
    """

    labels: np.ndarray
    probabilities: np.ndarray
    order: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray) -> "RankedScores":
        """Sort scores of shape (n,)."""
        order = np.argsort(probabilities, kind="stable")
        ascending = np.asarray(probabilities, np.float64)[order]
        starts = np.flatnonzero(np.r_[True, np.diff(ascending) > 0])
        return cls(np.asarray(labels)[order].astype(bool), ascending, order, starts)

    def tied_sums(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights of positives and of negatives at each distinct probability, both (resamples, distinct).

        Args:
            weights: how often each image counts, (resamples, n).
        """
        weights = np.atleast_2d(weights)[:, self.order].astype(np.float64)
        positives = np.add.reduceat(weights * self.labels, self.starts, axis=1)
        return positives, np.add.reduceat(weights * ~self.labels, self.starts, axis=1)


def weighted_auc(scores: RankedScores, weights: np.ndarray) -> np.ndarray:
    """ROC AUC in each resample, (resamples,); ties count half; NaN where a class is missing."""
    positives, negatives = scores.tied_sums(weights)
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (positives * (below + negatives / 2)).sum(axis=1) / pairs


def weighted_average_precision(scores: RankedScores, weights: np.ndarray) -> np.ndarray:
    """Average precision in each resample, (resamples,), as scikit-learn defines it; NaN without positives."""
    positives, negatives = (sums[:, ::-1] for sums in scores.tied_sums(weights))
    true_positives = np.cumsum(positives, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(true_positives / (true_positives + np.cumsum(negatives, axis=1)))
        return (precision * positives).sum(axis=1) / positives.sum(axis=1)
