"""95 % intervals: Wilson's for proportions, a bootstrap over patients for everything else."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

CONFIDENCE = 0.95
RESAMPLES = 2000
SEED = 0


def wilson(part: int, whole: int, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Wilson's score interval of a proportion; None over no observation.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927;
    recommended by Brown, Cai and DasGupta, Statistical Science 2001.

    >>> low, high = wilson(81, 263)  # Newcombe, Statistics in Medicine 1998, table I
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if not whole:
        return None
    z = norm.ppf((1 + confidence) / 2)
    share = part / whole
    centre = (share + z**2 / (2 * whole)) / (1 + z**2 / whole)
    half = z / (1 + z**2 / whole) * np.sqrt(share * (1 - share) / whole + z**2 / (4 * whole**2))
    return float(centre - half) if part else 0.0, float(centre + half) if part < whole else 1.0


def patient_weights(patients: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """How often each image counts in each resample, when whole patients are drawn with replacement.

    Images of one patient resemble each other: drawing images would make intervals too narrow. Source:
    Field and Welsh, "Bootstrapping clustered data", JRSS B 2007.

    Args:
        patients: of each image, shape (n,); any labels.
        resamples: how many.
        seed: the same seed draws the same resamples.

    Returns:
        int32 ndarray of shape (resamples, n).
    """
    _, owner = np.unique(patients, return_inverse=True)
    count = owner.max() + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
    return drawn[:, owner].astype(np.int32)


@dataclass(frozen=True)
class Scores:
    """Labels and probabilities in the order of the probabilities, ready to be weighted many times.

    Attributes:
        labels: bool, ascending by probability.
        probabilities: ascending.
        order: the positions that sort what was given.
        starts: where each distinct probability begins.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    order: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray) -> "Scores":
        """Sorted scores of shape (n,)."""
        order = np.argsort(probabilities, kind="stable")
        sorted_ones = np.asarray(probabilities, np.float64)[order]
        starts = np.flatnonzero(np.r_[True, np.diff(sorted_ones) > 0])
        return cls(np.asarray(labels)[order].astype(bool), sorted_ones, order, starts)

    def tied_sums(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights of positives and of negatives at each distinct probability, both (resamples, distinct)."""
        weights = np.atleast_2d(weights)[:, self.order].astype(np.float64)
        positives = np.add.reduceat(weights * self.labels, self.starts, axis=1)
        return positives, np.add.reduceat(weights * ~self.labels, self.starts, axis=1)


def weighted_auc(scores: Scores, weights: np.ndarray) -> np.ndarray:
    """ROC AUC in each resample, ties counted half; NaN where a class is missing."""
    positives, negatives = scores.tied_sums(weights)
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (positives * (below + negatives / 2)).sum(axis=1) / pairs


def weighted_average_precision(scores: Scores, weights: np.ndarray) -> np.ndarray:
    """Average precision in each resample, as scikit-learn defines it; NaN without positives."""
    positives, negatives = (sums[:, ::-1] for sums in scores.tied_sums(weights))
    found = np.cumsum(positives, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(found / (found + np.cumsum(negatives, axis=1)))
        return (precision * positives).sum(axis=1) / positives.sum(axis=1)


def percentile_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Percentile interval of resampled values; None when most resamples could not be computed."""
    values = values[np.isfinite(values)]
    if len(values) < RESAMPLES / 2:
        return None
    low, high = np.percentile(values, [50 * (1 - confidence), 50 * (1 + confidence)])
    return float(low), float(high)
