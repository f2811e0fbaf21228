"""Whether a CUSUM of the monitor's numbers tells a slow drift that its blocks miss.

python -m experiments.drift FOLDER

The bundled model reads the same images as they are and changed, as the Diagnosis page does. Then each of many
imagined hospitals draws, with replacement, 100 first results, or 100 accepted images of each class, and 20
blocks of 50 results, half of them pneumonias; the share that is changed grows a little from block to block.
Light and CUSUM are looked at after every block. `--limits` simulates the limits of the CUSUM (Page, 1954):
each number counts by its normal score among those before (van der Waerden), so they hold whatever its
distribution. A sum grows by how much a score is above the allowance, and never falls below 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.inference import Reader, bundled_models
from core.monitor.signals import AMBER, NUMBERS, RED, Signal, find_signals, known_numbers
from core.monitor.watch import BASELINE, BLOCK, BLOCKS
from core.site import MeasuredSet, open_local_images
from experiments.monitor import read_changed

SEED = 41
ACCEPTED = 100  # images of each class
ALLOWANCE = 0.4  # standard deviations
# By how many are known before: both sums of six numbers together exceed it within 1,000 results in 1 of 100
# series while nothing changes, so each sum in 1 of 1,200 (`python -m experiments.drift --limits`).
LIMITS = {50: 67.0, 100: 21.0, 200: 15.0, 400: 14.0}
FALSE_ALARMS = 0.01  # of both sums of all numbers together, within 20 blocks
CHANGES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {  # and by how much a share grows
    "inverted": (lambda pixels: 255 - pixels, 0.01),
    "brighter (gamma 0.8)": (lambda pixels: (255 * (pixels / 255) ** 0.8).astype(np.uint8), 0.05),
    "less contrast (75%)": (lambda pixels: (32 + 0.75 * pixels).astype(np.uint8), 0.05),
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--accepted", is_flag=True, help="Compare with accepted images instead of the first results.")
@click.option("--hospitals", default=400, show_default=True, help="Imagined hospitals for each change.")
@click.option("--change", "names", multiple=True, type=click.Choice(list(CHANGES)), help="Only this change.")
@click.option("--growth", type=float, help="Of the share changed, a block; instead of that of each change.")
@click.option("--limits", default=0, help="Simulate the limits with so many series instead.")
def main(
    folder: Path | None,
    accepted: bool,
    hospitals: int,
    names: tuple[str, ...],
    growth: float | None,
    limits: int,
) -> None:
    """Read the images, then print for each drift how many hospitals are told of it, and when."""
    random = np.random.default_rng(SEED)
    if limits or folder is None:
        print({size: round(_limit(random, size, limits), 1) for size in LIMITS})
        return
    local = open_local_images(folder)
    files, labels = list(map(Path, local.table["file"])), local.table["label"].to_numpy()
    reader = Reader.of(bundled_models()[-1])
    with TemporaryDirectory() as scratch:
        usual = read_changed(reader, files, lambda pixels: pixels, Path(scratch) / "usual.sqlite")
        changed = {
            name: read_changed(reader, files, change, Path(scratch) / f"{name}.sqlite")
            for name, (change, _) in CHANGES.items()
            if not names or name in names
        }
    rows = [np.flatnonzero(labels == name) for name in CLASS_NAMES]
    for name, after in ({"nothing": usual} | changed).items():
        grows = 0 if name == "nothing" else CHANGES[name][1] if growth is None else growth
        told = np.array([_told(random, usual, after, grows, rows, accepted) for _ in range(hospitals)])
        for title, alarms in zip(
            ("red", "red or amber", "CUSUM", "any"), told.transpose(1, 0, 2), strict=True
        ):
            ever = np.maximum.accumulate(alarms, axis=1).mean(axis=0)
            half = f"half by block {int(np.argmax(ever >= 0.5)) + 1}" if ever[-1] >= 0.5 else "never half"
            print(
                f"{name}, {title}: {ever[9]:.1%} within 10 blocks, {ever[-1]:.1%} within 20, {half}",
                flush=True,
            )


def _told(
    random: np.random.Generator,
    usual: pd.DataFrame,
    after: pd.DataFrame,
    growth: float,
    rows: list[np.ndarray],
    accepted: bool,
) -> np.ndarray:
    """Whether the light is red, red or amber, the CUSUM beyond its limit, or any of it: bool (4, blocks)."""

    def drawn(count: int) -> np.ndarray:
        return np.concatenate([random.choice(of_class, count // 2) for of_class in rows])

    baseline, measured = usual.iloc[drawn(BASELINE)], None
    if accepted:
        images = [
            usual.iloc[random.choice(of_class, ACCEPTED)].assign(label=name)
            for of_class, name in zip(rows, CLASS_NAMES, strict=True)
        ]
        measured = MeasuredSet("site", "accepted", "", "", pd.concat(images))
    blocks = []
    for number in range(1, BLOCKS + 1):
        chosen = random.permutation(drawn(BLOCK))
        count = random.binomial(BLOCK, min(1, growth * number))
        block = pd.concat([after.iloc[chosen[:count]], usual.iloc[chosen[count:]]])
        first = BASELINE + (number - 1) * BLOCK + 1
        blocks.append(block.set_axis(pd.RangeIndex(first, first + BLOCK)))
    signals = find_signals(baseline, blocks, measured)
    lights = np.array(
        [
            [Signal(signal.name, signal.deviations[: end + 1]).light for end in range(BLOCKS)]
            for signal in signals
        ]
    )
    red, amber = (lights == RED).any(axis=0), np.isin(lights, (RED, AMBER)).any(axis=0)
    cusum = np.zeros(BLOCKS, bool)
    for name in NUMBERS:
        before = (
            [known_numbers(measured.images(label), name) for label in CLASS_NAMES]
            if measured
            else [known_numbers(baseline, name)]
        )
        if drift := _drift(before, [known_numbers(block, name) for block in blocks]):
            cusum |= np.maximum(drift.up, drift.down) > drift.limit
    return np.array([red, amber, cusum, amber | cusum])


@dataclass(frozen=True, eq=False)
class _Drift:
    """How small deviations of a number add up, block by block.

    Attributes:
        up, down: sums of what is above and below expectation at the end of each block, float64 (blocks,).
        limit: of both, that they reach in 1 of 100 such series while nothing changes.
    """

    up: np.ndarray
    down: np.ndarray
    limit: float


def _drift(before: Sequence[np.ndarray], blocks: Sequence[np.ndarray]) -> _Drift | None:
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
    scores = np.array([_normal_scores(numbers, np.concatenate(blocks)) for numbers in before])
    ends = np.cumsum([len(block) for block in blocks])
    up, down = _sums(scores.min(axis=0)), _sums(-scores.max(axis=0))
    return _Drift(up[ends], down[ends], LIMITS[max(sizes)])


def _normal_scores(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What numbers would be if those before were standard normal, by their ranks among them, float64 (n,)."""
    from scipy.special import ndtri

    ordered = np.sort(before)
    ranks = (np.searchsorted(ordered, now, "left") + np.searchsorted(ordered, now, "right")) / 2
    return ndtri((ranks + 0.5) / (len(before) + 1))


def _sums(scores: np.ndarray) -> np.ndarray:
    """The sum before the first score and after each one, float64 (n + 1,)."""
    total = np.concatenate([[0], np.cumsum(scores - ALLOWANCE)])
    return total - np.minimum.accumulate(total)


def _limit(random: np.random.Generator, size: int, series: int) -> float:
    """What a sum of 20 blocks exceeds as often as it may while nothing changes."""
    highest = np.empty(series)
    for number in range(series):
        blocks = np.split(random.standard_normal(BLOCKS * BLOCK), BLOCKS)
        drift = _drift([random.standard_normal(size)], blocks)
        assert drift is not None
        highest[number] = drift.up.max()
    return float(np.quantile(highest, 1 - FALSE_ALARMS / (2 * len(NUMBERS))))


if __name__ == "__main__":
    main()
