"""How many of so many results to expect after a baseline, and how far off is too far.

The counts of a block of results follow the beta-binomial predictive distribution of the baseline with
Jeffreys' prior (Brown, Cai and DasGupta, Statistical Science 2001): the fewer results the baseline has, the
wider it is.
"""

from dataclasses import dataclass

import numpy as np

RED_TAIL = 0.0005  # probability, on one side, of what one block alone may not show
AMBER_TAIL = 0.025  # the same of two blocks in a row


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
