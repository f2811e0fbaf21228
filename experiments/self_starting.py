"""Whether a self-starting CUSUM of the monitor's shares tells a change that its blocks miss.

python -m experiments.self_starting

No image is read: each imagined hospital draws 100 first results and blocks of 50, each of which is flagged
and warned of with some probability. A block is compared with all results before it by the beta-binomial
distribution that they predict; the normal score of its mid-p value goes into both sums of a tabular CUSUM
(Hawkins, The Statistician 1987), which are beyond the limit in 1 of 100 hospitals within 20 blocks while
nothing changes. Beside it stands the light of blocks alone, red or amber.
"""

from collections.abc import Callable, Sequence

import click
import numpy as np

from core.monitor.limits import AMBER_TAIL, RED_TAIL, Count, tail
from core.monitor.watch import BASELINE, BLOCK, BLOCKS

SEED = 42
ALLOWANCE = 0.5  # standard deviations
FALSE_ALARMS = 0.01  # of both sums of both shares, within all blocks
SHARES = (0.05, 0.32, 0.65, 0.9)  # at every pair of which the limit holds
WARNED, FLAGGED = 0.32, 0.65  # docs/results/monitor.md; of inverted images 1 and 0
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # share of inverted images, by number of the block
    "nothing": lambda number: 0.0 * number,
    "a tenth inverted": lambda number: np.full(len(number), 0.1),
    "a fifth inverted": lambda number: np.full(len(number), 0.2),
    "inverted, 1 percentage point more a block": lambda number: 0.01 * number,
}
LONG = 2000  # blocks of a series whose run length is counted


@click.command()
@click.option("--hospitals", default=20_000, show_default=True, help="Imagined hospitals for each line.")
def main(hospitals: int) -> None:
    """Print the limit, its average run length, and how often each change is told."""
    random = np.random.default_rng(SEED)
    still = np.zeros(BLOCKS)
    highest = [
        _sums(*_drawn(random, (first, second), still, (0.0, 0.0), hospitals)).max(axis=(0, 2))
        for number, first in enumerate(SHARES)
        for second in SHARES[number:]
    ]
    limit = max(float(np.quantile(values, 1 - FALSE_ALARMS)) for values in highest)
    long = _sums(*_drawn(random, (WARNED, FLAGGED), np.zeros(LONG), (0.0, 0.0), 300)).max(axis=0) > limit
    lengths = np.where(long.any(axis=1), long.argmax(axis=1) + 1, LONG)
    ended = f"{long.any(axis=1).mean():.0%} of series end before {LONG}"
    print(f"limit {limit:.2f}; average run length {lengths.mean():.0f} blocks, {ended}")
    for title, change in CHANGES.items():
        inverted = change(np.arange(1, BLOCKS + 1))
        first, blocks = _drawn(random, (WARNED, FLAGGED), inverted, (1.0, 0.0), hospitals)
        light = _light(first, blocks)
        cusum = (_sums(first, blocks) > limit).any(axis=0)
        told = {"blocks": light, "CUSUM": cusum, "either": light | cusum}
        print(title, "; ".join(f"{name} {_within(alarms)}" for name, alarms in told.items()), flush=True)


def _within(alarms: np.ndarray) -> str:
    """How many hospitals are told within half of the blocks, and within all, of bool (hospitals, blocks)."""
    return f"{alarms[:, : BLOCKS // 2].any(axis=1).mean():.1%}, {alarms.any(axis=1).mean():.1%}"


def _drawn(
    random: np.random.Generator,
    shares: Sequence[float],
    inverted: np.ndarray,
    of_inverted: Sequence[float],
    hospitals: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of each share among the first results, (shares, hospitals), and in blocks, with these more."""
    first = np.stack([random.binomial(BASELINE, share, hospitals) for share in shares])
    changed = random.binomial(BLOCK, inverted, (hospitals, len(inverted)))
    blocks = [
        random.binomial(BLOCK - changed, share) + random.binomial(changed, other)
        for share, other in zip(shares, of_inverted, strict=True)
    ]
    return first, np.stack(blocks)


def _sums(first: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The higher of both sums of each share after each block, float64 (shares, hospitals, blocks)."""
    before = first[..., np.newaxis] + np.cumsum(blocks, axis=2) - blocks
    highest = np.zeros(blocks.shape)
    up, down = np.zeros((2, *first.shape))
    for number in range(blocks.shape[2]):
        scores = _scores(before[..., number], BASELINE + number * BLOCK, blocks[..., number])
        up = np.maximum(0, up + scores - ALLOWANCE)
        down = np.maximum(0, down - scores - ALLOWANCE)
        highest[..., number] = np.maximum(up, down)
    return highest


def _scores(before: np.ndarray, results: int, now: np.ndarray) -> np.ndarray:
    """Normal scores of the mid-p values of counts in a block, by how many of all results before counted."""
    from scipy.special import betaln, ndtri

    known, places = np.unique(before, return_inverse=True)  # each count before, once
    counts = np.arange(BLOCK + 1)
    a, b = known[:, np.newaxis] + 0.5, results - known[:, np.newaxis] + 0.5
    combinations = -np.log(BLOCK + 1) - betaln(BLOCK - counts + 1, counts + 1)
    chances = np.exp(combinations + betaln(counts + a, BLOCK - counts + b) - betaln(a, b))
    mid_p = np.cumsum(chances, axis=1) - chances / 2
    return ndtri(np.clip(mid_p, 1e-12, 1 - 1e-12))[places.reshape(before.shape), now]


def _light(first: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Whether the light of blocks alone is red or amber after each, bool (hospitals, blocks)."""
    found = [
        [tail(Count(now, BLOCK), Count(before, BASELINE)) for now in range(BLOCK + 1)]
        for before in range(BASELINE + 1)
    ]
    tails, sides = np.array(found).transpose(2, 0, 1)
    by_block = tails[first[..., np.newaxis], blocks], sides[first[..., np.newaxis], blocks]
    red, off = by_block[0] < RED_TAIL, by_block[0] < AMBER_TAIL
    amber = np.zeros(red.shape, bool)
    same_side = by_block[1][..., 1:] == by_block[1][..., :-1]
    amber[..., 1:] = off[..., 1:] & off[..., :-1] & same_side
    return (red | amber).any(axis=0)


if __name__ == "__main__":
    main()
