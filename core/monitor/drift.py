"""Slow drift of a number: small deviations that add up over many blocks (CUSUM; Page, Biometrika 1954).

Each new number counts by its normal score among those before (van der Waerden), so the limits below hold
whatever its distribution. A sum grows by how much a score is above the allowance, and never falls below 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ALLOWANCE = 0.4  # standard deviations
# By how many are known before: both sums of six numbers together exceed it within 1,000 results in 1 of 100
# series while nothing changes, so each sum in 1 of 1,200 (`python -m experiments.drift --limits`).
LIMITS = {50: 67.0, 100: 21.0, 200: 15.0, 400: 14.0}


@dataclass(frozen=True, eq=False)
class Drift:
    """How small deviations of a number add up, block by block.

    Attributes:
        up, down: sums of what is above and below expectation at the end of each block, float64 (blocks,).
        limit: of both, that they reach in 1 of 100 such series while nothing changes.
    """

    up: np.ndarray
    down: np.ndarray
    limit: float

    @property
    def side(self) -> int:
        """1 if the number has drifted up, -1 if down; 0 if the sums are within their limit."""
        last = self.up[-1], self.down[-1]
        return 0 if max(last) <= self.limit else 1 if last[0] >= last[1] else -1


def find_drift(before: Sequence[np.ndarray], blocks: Sequence[np.ndarray]) -> Drift | None:
    """The sums of a number; None where it is known of too few results before.

    Of two classes before, a number counts as what it is less unusual for, so that it is no drift whatever
    their shares among the new numbers are.

    Args:
        before: known numbers; or those of each of two classes, float64 (n,) each.
        blocks: known numbers of each block, the oldest first.
    """
    known = min(map(len, before))
    sizes = [size for size in LIMITS if size <= known]
    if not sizes:
        return None
    scores = np.array([normal_scores(numbers, np.concatenate(blocks)) for numbers in before])
    ends = np.cumsum([len(block) for block in blocks])
    up, down = _sums(scores.min(axis=0)), _sums(-scores.max(axis=0))
    return Drift(up[ends], down[ends], LIMITS[max(sizes)])


def normal_scores(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What numbers would be if those before were standard normal, by their ranks among them, float64 (n,)."""
    from scipy.special import ndtri

    ordered = np.sort(before)
    ranks = (np.searchsorted(ordered, now, "left") + np.searchsorted(ordered, now, "right")) / 2
    return ndtri((ranks + 0.5) / (len(before) + 1))


def _sums(scores: np.ndarray) -> np.ndarray:
    """The sum before the first score and after each one, float64 (n + 1,)."""
    total = np.concatenate([[0], np.cumsum(scores - ALLOWANCE)])
    return total - np.minimum.accumulate(total)
