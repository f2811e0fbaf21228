"""What is watched: shares and numbers of the results, each block of them beside the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.inference import PRESENT
from core.monitor.cusum import Cusum, cusum
from core.monitor.limits import (
    AMBER_TAIL,
    RED_TAIL,
    Count,
    difference_p,
    limits,
    mixture_difference_p,
    tail,
)
from core.sentence import Sentence
from core.site import MeasuredSet

TOO_FEW, GREEN, AMBER, RED = LIGHTS = ("too few", "green", "amber", "red")  # the worst last
SHARES = {
    "flagged": Sentence("Pneumonia found"),
    "withheld": Sentence("Results withheld"),
    "warned": Sentence("Results with a warning"),
}
NUMBERS = {
    "score": Sentence("Score"),
    "brightness": Sentence("Brightness"),
    "contrast": Sentence("Contrast"),
    "lung_area": Sentence("Area of the lungs"),
    "lung_distinctness": Sentence("Distinctness of the lungs"),
    "distance": Sentence("Distance from the training images"),
}
ADDING_UP = ("flagged", "warned")  # shares with a CUSUM
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
        cusum: of a share, over the blocks; None where there is none.
    """

    name: str
    deviations: tuple[Deviation | None, ...]
    cusum: Cusum | None = None

    @property
    def title(self) -> Sentence:
        """Its name for people."""
        return (SHARES | NUMBERS)[self.name]

    @property
    def light(self) -> str:
        """`RED` if one of the last two blocks is far off, `AMBER` if both are off on the same side.

        `AMBER`, too, if the CUSUM is beyond its limit. Else `GREEN`, or `TOO_FEW` if the quantity is known of
        too few results of both.
        """
        last = [item for item in self.deviations[-2:] if item]
        if not last:
            return TOO_FEW
        if any(item.tail < RED_TAIL for item in last):
            return RED
        return AMBER if self._both_off or (self.cusum and self.cusum.beyond) else GREEN

    @property
    def _both_off(self) -> bool:
        """Whether both of the last two blocks are off on the same side."""
        last = [item for item in self.deviations[-2:] if item]
        both = len(last) == 2 and last[0].side == last[1].side
        return both and all(item.tail < AMBER_TAIL for item in last)

    @property
    def worst(self) -> Deviation | None:
        """The larger deviation of the last two blocks; None if neither is known."""
        return min((item for item in self.deviations[-2:] if item), key=lambda item: item.tail, default=None)

    def detail(self) -> str:
        """What was seen in the last two blocks, where it deviates more; or what has added up to amber."""
        if self.light == AMBER and not self._both_off and self.cusum:
            return self.cusum.sentence()
        return self.worst.text if self.worst else Sentence("not known of enough results")

    def sentence(self) -> Sentence:
        """The same with its name."""
        return Sentence("{title}: {detail}.", title=self.title, detail=self.detail())


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


def find_signals(
    baseline: pd.DataFrame,
    blocks: Sequence[pd.DataFrame],
    measured: MeasuredSet | None = None,
    before: pd.Series | None = None,
) -> tuple[Signal, ...]:
    """Every quantity, block by block.

    Args:
        baseline, blocks: rows of the log, as `core.monitor.log_rows` reads them.
        before: counts of all results before the blocks; None if these are the baseline.
        measured: local images, with which numbers are then compared instead of the baseline. Shares never
            are: such a set usually holds more pneumonias than daily work does.
    """

    def share(name: str, block: pd.DataFrame) -> Deviation | None:
        return None if block.index[0] <= len(baseline) else _share_deviation(baseline, block, name)

    def number(name: str, block: pd.DataFrame) -> Deviation | None:
        if measured:
            return _mixture_deviation(measured, block, name)
        return _number_deviation(baseline, block, name)

    shares = (
        Signal(
            name,
            tuple(share(name, block) for block in blocks),
            _cusum(name, baseline, blocks, before) if name in ADDING_UP else None,
        )
        for name in SHARES
    )
    numbers = (Signal(name, tuple(number(name, block) for block in blocks)) for name in NUMBERS)
    return (*shares, *numbers)


def _cusum(
    name: str, baseline: pd.DataFrame, blocks: Sequence[pd.DataFrame], before: pd.Series | None
) -> Cusum | None:
    """That of a share, over the blocks after the first results; None if there are none, or it is unknown."""
    later = [block for block in blocks if block.index[0] > len(baseline)]
    known = share_count(baseline, name)
    if before is not None and len(later) == len(blocks):  # else the blocks begin among the first results
        known = Count(int(before[name]), int(before["warned_known" if name == "warned" else "results"]))
    if not later or not known.n:
        return None
    counts = [share_count(block, name) for block in later]
    first, last = int(later[0].index[0]), int(later[-1].index[-1])
    return cusum(known, counts, first, last, first > len(baseline) + 1)


def _where(block: pd.DataFrame) -> str:
    """Which results a block holds."""
    return Sentence("results {first:,} to {last:,}", first=int(block.index[0]), last=int(block.index[-1]))


def _share_deviation(baseline: pd.DataFrame, block: pd.DataFrame, name: str) -> Deviation | None:
    before, now = share_count(baseline, name), share_count(block, name)
    if not before.n or not now.n:
        return None
    low, high = limits(before, now.n, AMBER_TAIL)
    return Deviation(
        *tail(now, before),
        Sentence(
            "{now} in {where}; expected {low} to {high} (first results: {before})",
            now=now,
            where=_where(block),
            low=low,
            high=high,
            before=before,
        ),
    )


def _number_deviation(baseline: pd.DataFrame, block: pd.DataFrame, name: str) -> Deviation | None:
    """By the two-sample test of Kolmogorov and Smirnov; Bonferroni's correction for the numbers."""
    before, now = known_numbers(baseline, name), known_numbers(block, name)
    if min(len(before), len(now)) < MIN_NUMBERS:
        return None
    p = min(1.0, len(NUMBERS) * difference_p(before, now))
    medians = float(np.median(now)), float(np.median(before))
    text = Sentence(
        "{now}; {before:.3g} in the first {count} ({p})",
        now=_median(block, now),
        before=medians[1],
        count=len(baseline),
        p=_p_text(p),
    )
    return Deviation(p / 2, 1 if medians[0] >= medians[1] else -1, text)


def _mixture_deviation(measured: MeasuredSet, block: pd.DataFrame, name: str) -> Deviation | None:
    """The same beside local images of two classes, whatever their shares in the block are."""
    before, now = (
        [known_numbers(measured.images(label), name) for label in CLASS_NAMES],
        known_numbers(block, name),
    )
    if min(len(numbers) for numbers in (*before, now)) < MIN_NUMBERS:
        return None
    p, share = mixture_difference_p(before, now)
    p = min(1.0, len(NUMBERS) * p)
    expected = share * before[0].mean() + (1 - share) * before[1].mean()
    normal, pneumonia = map(np.median, before)
    text = Sentence(
        "{now}; {normal:.3g} (NORMAL) and {pneumonia:.3g} (PNEUMONIA) in the images of {site} ({p})",
        now=_median(block, now),
        normal=normal,
        pneumonia=pneumonia,
        site=measured.site,
        p=_p_text(p),
    )
    return Deviation(p / 2, 1 if now.mean() >= expected else -1, text)


def known_numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    """The known numbers of some rows, float64 (n,)."""
    column = "probability" if name == "score" else name
    return rows[column].dropna().to_numpy(float) if column in rows else np.empty(0)


def _median(block: pd.DataFrame, numbers: np.ndarray) -> str:
    return Sentence("median {median:.3g} in {where}", median=np.median(numbers), where=_where(block))


def _p_text(p: float) -> str:
    return f"p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
