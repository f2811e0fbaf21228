"""How many of so many results to expect after a baseline, and how far off is too far.

The counts of a block of results follow the beta-binomial predictive distribution of the baseline with
Jeffreys' prior (Brown, Cai and DasGupta, Statistical Science 2001): the fewer results the baseline has, the
wider it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RED_TAIL = 0.0005  # probability, on one side, of what one block alone may not show
AMBER_TAIL = 0.025  # the same of two blocks in a row
SHARES_TRIED = np.linspace(0, 1, 101)  # of one class among new results


@dataclass(frozen=True)
class Count:
    """How many of `n` results."""

    count: int
    n: int

    def __str__(self) -> str:
        return f"{self.count:,} of {self.n:,}"


def predictive(baseline: Count, n: int) -> np.ndarray:
    """Probability of each count among `n` new results, float64 (n + 1,)."""
    from scipy.special import betaln

    counts = np.arange(n + 1)
    a, b = baseline.count + 0.5, baseline.n - baseline.count + 0.5
    combinations = -np.log(n + 1) - betaln(n - counts + 1, counts + 1)
    return np.exp(combinations + betaln(counts + a, n - counts + b) - betaln(a, b))


def tail(observed: Count, baseline: Count) -> tuple[float, int]:
    """Probability of a count at least as far off, on its side, and the side: 1 for more, -1 for fewer."""
    probabilities = predictive(baseline, observed.n)
    at_least = float(probabilities[observed.count :].sum())
    at_most = float(probabilities[: observed.count + 1].sum())
    return (at_least, 1) if at_least <= at_most else (at_most, -1)


def limits(baseline: Count, n: int, probability: float) -> tuple[int, int]:
    """The lowest and the highest count of `n` results whose `tail` is not below a probability."""
    probabilities = predictive(baseline, n)
    at_most, at_least = np.cumsum(probabilities), np.cumsum(probabilities[::-1])
    return int((at_most < probability).sum()), n - int((at_least < probability).sum())


def difference_p(before: np.ndarray, now: np.ndarray) -> float:
    """P value of Kolmogorov's and Smirnov's two-sample test, by its limiting distribution: never too small.

    SciPy's own takes an import of 1.5 s of processor time.

    Args:
        before, now: numbers, float64 (n,) and (m,).
    """
    from scipy.special import kolmogorov

    points = np.concatenate([before, now])
    shares = [np.searchsorted(np.sort(sample), points, "right") / len(sample) for sample in (before, now)]
    effective = len(before) * len(now) / len(points)
    return float(kolmogorov(np.abs(shares[0] - shares[1]).max() * np.sqrt(effective)))


def mixture_difference_p(classes: Sequence[np.ndarray], now: np.ndarray) -> tuple[float, float]:
    """The same against two classes, whatever their shares among the new numbers are; and the likeliest share.

    At the true share of the first class, new numbers follow the mixture of both, so the largest p value over
    all shares is never too small. Each class counts by its share: a mixture varies no more than one sample
    that is as large as both allow.

    Args:
        classes: numbers of two classes, float64 (n,) and (m,).
        now: numbers, float64 (k,).

    Returns:
        The p value, and the share of the first class at which it is largest.
    """
    from scipy.special import kolmogorov

    points = np.concatenate([*classes, now])
    first, second, new = (
        np.searchsorted(np.sort(sample), points, "right") / len(sample) for sample in (*classes, now)
    )
    shares = SHARES_TRIED[:, np.newaxis]
    distances = np.abs(shares * first + (1 - shares) * second - new).max(axis=1)
    with np.errstate(divide="ignore"):
        allowed = np.minimum(len(classes[0]) / SHARES_TRIED, len(classes[1]) / (1 - SHARES_TRIED))
    p = kolmogorov(distances * np.sqrt(allowed * len(now) / (allowed + len(now))))
    best = int(p.argmax())
    return float(p[best]), float(SHARES_TRIED[best])
