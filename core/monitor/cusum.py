"""A self-starting CUSUM of a share: small deviations of one block after another add up.

Each block is compared with all results before it, so that what is usual becomes better known with each.
Source: Page, Biometrika 1954; Hawkins, "Self-starting CUSUM charts for location and scale", The Statistician
1987.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.monitor.limits import Count, predictive
from core.sentence import Sentence, template

ALLOWANCE = 0.5  # standard deviations that a block may be off without adding up
LIMIT = 6.89  # while no block has left the window: fewer than 1 in 100 hospitals exceed it within 20 blocks
LATER_LIMIT = 7.45  # the same afterwards, where sums have not just begun: docs/results/monitor.md
MAX_SCORE_P = 1e-12  # nothing is less likely than that
MORE = template("little by little more in results {first:,} to {last:,} (CUSUM {sum:.2f}, limit {limit:.2f})")
FEWER = template(
    "little by little fewer in results {first:,} to {last:,} (CUSUM {sum:.2f}, limit {limit:.2f})"
)


@dataclass(frozen=True)
class Cusum:
    """Both sums after the last block.

    Attributes:
        up, down: of what is above and below expectation, in standard deviations of a block.
        first, last: numbers of the results in the blocks.
        limit: of both sums.
    """

    up: float
    down: float
    first: int
    last: int
    limit: float = LIMIT

    @property
    def beyond(self) -> bool:
        """Whether one of them is beyond the limit."""
        return max(self.up, self.down) > self.limit

    def sentence(self) -> Sentence:
        """What adds up."""
        text = MORE if self.up >= self.down else FEWER
        return Sentence(text, first=self.first, last=self.last, sum=max(self.up, self.down), limit=self.limit)


def cusum(before: Count, blocks: Sequence[Count], first: int, last: int, later: bool = False) -> Cusum:
    """Both sums of a share.

    Args:
        before: of all results before the blocks.
        blocks: the oldest first.
        first, last: numbers of the results in them.
        later: whether there were blocks before them.
    """
    up = down = 0.0
    for block in blocks:
        score = _score(before, block)
        up, down = max(0.0, up + score - ALLOWANCE), max(0.0, down - score - ALLOWANCE)
        before = Count(before.count + block.count, before.n + block.n)
    return Cusum(up, down, first, last, LATER_LIMIT if later else LIMIT)


def _score(before: Count, block: Count) -> float:
    """What a count would be if it were standard normal, by its mid-p value (Lancaster, Biometrika 1949)."""
    from scipy.special import ndtri

    chances = predictive(before, block.n)
    mid_p = chances[: block.count].sum() + chances[block.count] / 2
    return float(ndtri(np.clip(mid_p, MAX_SCORE_P, 1 - MAX_SCORE_P)))
