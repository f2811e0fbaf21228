"""Tests of whether two models differ on the same images: DeLong, McNemar, Newcombe's intervals, Holm."""

from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.evaluation.intervals import Interval, wilson, z_value
from core.sentence import Sentence

ZERO = 1e-12  # what rounding leaves of a zero


@dataclass(frozen=True)
class Difference:
    """Second model minus first.

    Attributes:
        value: the difference.
        interval: 95% interval.
        p_value: under the null hypothesis of no difference.
    """

    value: float
    interval: Interval
    p_value: float


def delong(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Difference:
    """Difference of two correlated ROC AUCs, with DeLong's variance.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988, computed from midranks (Sun and Xu, IEEE
    Signal Processing Letters 2014). Images are treated as independent; several images of one patient are
    not, so the interval is slightly too narrow.

    Args:
        labels: 0 or 1, shape (n,).
        first, second: each model's probabilities for the same images, shape (n,).

    Raises:
        UserError: a class has fewer than two images, or the areas differ though their variance is zero, as
            happens with few images or a perfect ranking.
    """
    from scipy.special import ndtr

    labels = np.asarray(labels).astype(bool)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if min(positives, negatives) < 2:
        raise UserError(
            Sentence(
                "DeLong's test needs two images of each class; there are {negatives} NORMAL and "
                "{positives} PNEUMONIA.",
                negatives=negatives,
                positives=positives,
            )
        )
    components = [_structural_components(labels, np.asarray(scores)) for scores in (first, second)]
    of_positives = np.stack([pair[0] for pair in components])
    of_negatives = np.stack([pair[1] for pair in components])
    areas = of_positives.mean(axis=1)
    covariance = np.cov(of_positives) / positives + np.cov(of_negatives) / negatives
    contrast = np.array([-1.0, 1.0])
    standard_error = float(np.sqrt(max(0.0, contrast @ covariance @ contrast)))
    value = float(areas[1] - areas[0])
    if standard_error < ZERO:
        if abs(value) >= ZERO:
            raise UserError(
                Sentence(
                    "DeLong's variance is zero on these {negatives} NORMAL and {positives} PNEUMONIA images, "
                    "so nothing can be concluded from the difference. Evaluate the models on more images.",
                    negatives=negatives,
                    positives=positives,
                )
            )
        return Difference(0.0, (0.0, 0.0), 1.0)
    margin = z_value() * standard_error
    p_value = float(2 * ndtr(-abs(value) / standard_error))
    return Difference(value, (value - margin, value + margin), p_value)


def _structural_components(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the other class against which each positive, and each negative, is ranked correctly."""
    positives, negatives = scores[labels], scores[~labels]
    ranks = _midranks(np.r_[positives, negatives])
    of_positives = (ranks[: len(positives)] - _midranks(positives)) / len(negatives)
    of_negatives = 1 - (ranks[len(positives) :] - _midranks(negatives)) / len(positives)
    return of_positives, of_negatives


def _midranks(scores: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal scores sharing the mean of theirs; `scipy.stats` has them, but imports for long."""
    ordered = np.sort(scores)
    return (np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right") + 1) / 2


def mcnemar(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Difference:
    """Difference of accuracy, by McNemar's exact test on the images that only one model classifies correctly.

    Source: McNemar, Psychometrika 1947; the exact version is a two-sided binomial test.

    Args:
        labels, first, second: 0 or 1, shape (n,): true labels and each model's predicted labels.
    """
    labels, first, second = (np.asarray(values).astype(bool) for values in (labels, first, second))
    return _paired(first == labels, second == labels)


def paired_rate(labels: np.ndarray, first: np.ndarray, second: np.ndarray, rate: str) -> Difference:
    """Difference of sensitivity or specificity on the same images, by McNemar's exact test.

    Args:
        labels, first, second: 0 or 1, shape (n,): true labels and each model's predicted labels.
        rate: `sensitivity` or `specificity`.

    Raises:
        UserError: there is no image of the class that the rate describes.
    """
    labels, first, second = (np.asarray(values).astype(bool) for values in (labels, first, second))
    of_class = labels if rate == "sensitivity" else ~labels
    if not of_class.any():
        raise UserError(Sentence("There are no images to compute the {rate} from.", rate=rate))
    return _paired((first == labels)[of_class], (second == labels)[of_class])


def _paired(first_correct: np.ndarray, second_correct: np.ndarray) -> Difference:
    """Difference of two proportions of the same n images: McNemar's p, Newcombe's interval.

    Source of the interval: Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 1998, method 10.
    """
    from scipy.special import bdtr

    both = int((first_correct & second_correct).sum())
    only_first, only_second = (
        int((first_correct & ~second_correct).sum()),
        int((second_correct & ~first_correct).sum()),
    )
    neither, n = int((~first_correct & ~second_correct).sum()), len(first_correct)
    discordant = only_first + only_second
    p_value = min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 0.5))) if discordant else 1.0
    value = (only_second - only_first) / n
    return Difference(value, newcombe_paired(both, only_second, only_first, neither), p_value)


def newcombe_paired(both: int, only_one: int, only_other: int, neither: int) -> Interval:
    """Newcombe's method 10: interval of (both + only_one)/n - (both + only_other)/n.

    >>> low, high = newcombe_paired(36, 12, 2, 0)  # Newcombe 1998, table II
    >>> round(low, 4), round(high, 4)
    (0.0569, 0.3404)
    """
    n = both + only_one + only_other + neither
    one, other = (both + only_one) / n, (both + only_other) / n
    of_one, of_other = wilson(both + only_one, n), wilson(both + only_other, n)
    assert of_one is not None and of_other is not None  # n is not 0
    (low_one, high_one), (low_other, high_other) = of_one, of_other
    marginals = (both + only_one) * (only_other + neither) * (both + only_other) * (only_one + neither)
    cross = both * neither - only_one * only_other
    if cross > 0:
        cross = max(cross - n / 2, 0)  # Newcombe's continuity correction
    phi = cross / np.sqrt(marginals) if marginals else 0.0
    below, above = one - low_one, high_one - one
    below_other, above_other = other - low_other, high_other - other
    value = one - other
    down = np.sqrt(max(0.0, below**2 - 2 * phi * below * above_other + above_other**2))
    up = np.sqrt(max(0.0, above**2 - 2 * phi * above * below_other + below_other**2))
    return max(-1.0, float(value - down)), min(1.0, float(value + up))


def holm(p_values: list[float]) -> list[float]:
    """P values adjusted for multiple testing, in the same order (Holm, Scandinavian J. Statistics 1979).

    SciPy has no family-wise correction; tests compare this with statsmodels.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values, float)[order] * factors))
    result = np.empty(len(p_values))
    result[order] = adjusted
    return [float(value) for value in result.round(12)]
