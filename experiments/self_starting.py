"""Whether a self-starting CUSUM of the monitor's shares tells a change that its blocks miss.

python -m experiments.self_starting

No image is read: each imagined hospital draws 100 first results and blocks of 50, each of which is flagged
and warned of with some probability. A block is compared with all results before it by the beta-binomial
distribution that they predict; the normal score of its mid-p value goes into both sums of a tabular CUSUM
(Hawkins, The Statistician 1987) of the last 20 blocks, as the monitor shows them. They have one limit while
all blocks are among them, and another one afterwards, each of which fewer than 1 in 100 hospitals exceed
within 20 blocks while nothing changes. Beside it stands the light of blocks alone, red or amber. A change
begins after a history of blocks as before.
"""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement

import click
import numpy as np

from core.monitor.limits import AMBER_TAIL, RED_TAIL, Count, tail
from core.monitor.watch import BASELINE, BLOCK, BLOCKS

SEED = 42
ALLOWANCE = 0.5  # standard deviations
ALARMS_OF_LIMIT = 0.008  # share of hospitals that exceed a limit within 20 blocks while nothing changes
SHARES = (0.05, 0.32, 0.65, 0.9)
PAIRS = tuple(combinations_with_replacement(SHARES, 2))  # at each of which the limit holds
WARNED, FLAGGED = 0.32, 0.65  # docs/results/monitor.md; of inverted images 1 and 0
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # share of inverted images, by number of the block
    "nothing": lambda number: 0.0 * number,
    "a tenth inverted": lambda number: np.full(len(number), 0.1),
    "a fifth inverted": lambda number: np.full(len(number), 0.2),
    "inverted, 1 percentage point more a block": lambda number: 0.01 * number,
}
LATE = 100  # blocks, after which usual shares are well known
HISTORIES = (0, 10, 20, LATE)  # blocks as before, after which a change begins
LONG = 2000  # blocks of a series whose run length is counted
SERIES = 100  # of them


@click.command()
@click.option("--hospitals", default=20_000, show_default=True, help="Imagined hospitals for each line.")
def main(hospitals: int) -> None:
    """Print limits; then, in another drawing, false alarms, run lengths and how often changes are told."""
    random = np.random.default_rng(SEED)
    highest = [_highest(random, pair, hospitals, (0, BLOCKS, LATE), (0.0, 0.0)) for pair in PAIRS]
    found = np.quantile(highest, 1 - ALARMS_OF_LIMIT, axis=2).max(axis=0)
    limits = round(found[0], 2), round(found[1:].max(), 2)
    print(f"limits {limits[0]} and, once blocks have left the window, {limits[1]}", flush=True)
    random = np.random.default_rng(SEED + 1)
    for pair in PAIRS:
        beyond = _highest(random, pair, hospitals, HISTORIES, limits) > 0
        told = ", ".join(f"{share:.2%}" for share in beyond.mean(axis=1))
        print(f"{pair}: told {told}; average run length {_run_length(random, pair, limits)}", flush=True)
    for history in HISTORIES:
        for title, change in CHANGES.items():
            inverted = np.append(np.zeros(history), change(np.arange(1, BLOCKS + 1)))
            first, blocks = _drawn(random, (WARNED, FLAGGED), inverted, (1.0, 0.0), hospitals)
            light = _light(first, blocks)[:, history:]
            cusum = _beyond(first, blocks, limits)[:, history:] > 0
            told = {"blocks": light, "CUSUM": cusum, "either": light | cusum}
            line = "; ".join(f"{name} {_within(alarms)}" for name, alarms in told.items())
            print(f"after {history} blocks, {title}: {line}", flush=True)


def _highest(
    random: np.random.Generator,
    pair: tuple[float, float],
    hospitals: int,
    histories: Sequence[int],
    limits: tuple[float, float],
) -> np.ndarray:
    """How far sums get beyond the limits within 20 blocks after each history: (histories, hospitals)."""
    still = np.zeros(max(histories) + BLOCKS)
    beyond = _beyond(*_drawn(random, pair, still, (0.0, 0.0), hospitals), limits)
    return np.stack([beyond[:, history : history + BLOCKS].max(axis=1) for history in histories])


def _run_length(random: np.random.Generator, pair: tuple[float, float], limits: tuple[float, float]) -> str:
    """After how many blocks a sum is beyond its limit while nothing changes, in the mean of some series."""
    beyond = _beyond(*_drawn(random, pair, np.zeros(LONG), (0.0, 0.0), SERIES), limits) > 0
    lengths = np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, LONG)
    return f"{lengths.mean():.0f} blocks, {beyond.any(axis=1).mean():.0%} of series end before {LONG}"


def _beyond(first: np.ndarray, blocks: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """How far the highest sum of all shares is beyond the limit after each block: (hospitals, blocks)."""
    limit = np.where(np.arange(1, blocks.shape[2] + 1) <= BLOCKS, *limits)
    return _sums(first, blocks).max(axis=0) - limit


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
    """The higher of both sums of each share over the last blocks up to each, (shares, hospitals, blocks)."""
    before = first[..., np.newaxis] + np.cumsum(blocks, axis=2) - blocks
    scores = np.zeros((*first.shape, BLOCKS - 1 + blocks.shape[2]))  # 0 before the first block adds nothing
    for number in range(blocks.shape[2]):
        of_block = _scores(before[..., number], BASELINE + number * BLOCK, blocks[..., number])
        scores[..., BLOCKS - 1 + number] = of_block
    up, down = np.zeros((2, *blocks.shape))
    for start in range(BLOCKS):
        score = scores[..., start : start + blocks.shape[2]]
        up, down = np.maximum(0, up + score - ALLOWANCE), np.maximum(0, down - score - ALLOWANCE)
    return np.maximum(up, down)


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
