"""What is watched: shares and numbers of the results, each block of them beside the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.inference import PRESENT
from core.monitor.limits import AMBER_TAIL, RED_TAIL, Count, difference_p, limits, tail

TOO_FEW, GREEN, AMBER, RED = LIGHTS = ("too few", "green", "amber", "red")  # the worst last
SHARES = {"flagged": "Pneumonia found", "withheld": "Results withheld", "warned": "Results with a warning"}
NUMBERS = {
    "score": "Score",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "lung_area": "Area of the lungs",
    "lung_distinctness": "Distinctness of the lungs",
}
MIN_NUMBERS = 20  # known in a block, and in the baseline


@dataclass(frozen=True)
class Deviation:
    """One quantity of one block of results beside the baseline.

    Attributes:
        tail: probability, on its side, of a deviation at least as large if nothing has changed.
        side: 1 for more or higher, -1 for fewer or lower.
        text: what was seen, and what was to be expected.
    """

    tail: float
    side: int
    text: str


@dataclass(frozen=True)
class Signal:
    """One quantity, watched from block to block.

    Attributes:
        name: of the quantity, a key of `SHARES` or `NUMBERS`.
        deviations: by block, the oldest first; None where too little is known.
    """

    name: str
    deviations: tuple[Deviation | None, ...]

    @property
    def title(self) -> str:
        """Its name for people."""
        return (SHARES | NUMBERS)[self.name]

    @property
    def light(self) -> str:
        """`RED` if one of the last two blocks is far off, `AMBER` if both are off on the same side.

        `GREEN` if neither is the case, `TOO_FEW` if the quantity is known of too few results of both.
        """
        last = [item for item in self.deviations[-2:] if item]
        if not last:
            return TOO_FEW
        if any(item.tail < RED_TAIL for item in last):
            return RED
        both = len(last) == 2 and last[0].side == last[1].side
        return AMBER if both and all(item.tail < AMBER_TAIL for item in last) else GREEN

    @property
    def worst(self) -> Deviation | None:
        """The larger deviation of the last two blocks; None if neither is known."""
        return min((item for item in self.deviations[-2:] if item), key=lambda item: item.tail, default=None)

    def detail(self) -> str:
        """What was seen in the last two blocks, where it deviates more."""
        return self.worst.text if self.worst else "not known of enough results"

    def sentence(self) -> str:
        """The same with its name."""
        return f"{self.title}: {self.detail()}."


def share_count(rows: pd.DataFrame, name: str) -> Count:
    """How many rows of the log are flagged, withheld or warned, of those of which it is known.

    Args:
        rows: with the columns finding, probability and warned.
        name: a key of `SHARES`.
    """
    if name == "warned":
        return Count(int(rows["warned"].sum()), int(rows["warned"].count()))
    chosen = rows["probability"].isna() if name == "withheld" else rows["finding"] == PRESENT
    return Count(int(chosen.sum()), len(rows))


def find_signals(baseline: pd.DataFrame, blocks: Sequence[pd.DataFrame]) -> tuple[Signal, ...]:
    """Every quantity, block by block.

    Args:
        baseline, blocks: rows of the log, as `core.monitor.log_rows` reads them.
    """
    shares = (
        Signal(name, tuple(_share_deviation(baseline, block, name) for block in blocks)) for name in SHARES
    )
    numbers = (
        Signal(name, tuple(_number_deviation(baseline, block, name) for block in blocks)) for name in NUMBERS
    )
    return (*shares, *numbers)


def _where(block: pd.DataFrame) -> str:
    """Which results a block holds."""
    return f"results {block.index[0]:,} to {block.index[-1]:,}"


def _share_deviation(baseline: pd.DataFrame, block: pd.DataFrame, name: str) -> Deviation | None:
    before, now = share_count(baseline, name), share_count(block, name)
    if not before.n or not now.n:
        return None
    low, high = limits(before, now.n, AMBER_TAIL)
    return Deviation(
        *tail(now, before), f"{now} in {_where(block)}; expected {low} to {high} (first results: {before})"
    )


def _number_deviation(baseline: pd.DataFrame, block: pd.DataFrame, name: str) -> Deviation | None:
    """By the two-sample test of Kolmogorov and Smirnov; Bonferroni's correction for the numbers."""
    column = "probability" if name == "score" else name
    before, now = (rows[column].dropna().to_numpy(float) for rows in (baseline, block))
    if min(len(before), len(now)) < MIN_NUMBERS:
        return None
    p = min(1.0, len(NUMBERS) * difference_p(before, now))
    medians = float(np.median(now)), float(np.median(before))
    text = (
        f"median {medians[0]:.3g} in {_where(block)}; {medians[1]:.3g} in the first {len(baseline)} "
        f"(p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"
    )
    return Deviation(p / 2, 1 if medians[0] >= medians[1] else -1, text)
