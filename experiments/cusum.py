"""Whether a CUSUM of the monitor's shares finds a change sooner than its blocks do.

python -m experiments.cusum

No image is read: each imagined hospital draws results, each of which counts with some probability, such as
one with a warning. A CUSUM sums the log-likelihood ratio of odds that have risen, or fallen, by a factor,
against the share among the first results (Steiner et al., Biostatistics 2000). Its limit is the lowest at
which at most 1 of 200 hospitals signals within 150 results while nothing changes, whatever the probability.
"""

import click
import numpy as np

from core.monitor.limits import RED_TAIL, Count, limits
from core.monitor.watch import BASELINE, BLOCK

SEED = 40
FACTORS = (1.5, 2.0, 3.0)  # of the odds
SHARES = (0.05, 0.1, 0.2, 0.32, 0.5, 0.65, 0.8, 0.9)  # at which the limit holds
FALSE_ALARMS = 0.005
AFTER = 2 * BLOCK  # results after a change
CHANGES = {  # the probability before and after: the shares of docs/results/monitor.md
    "warnings, nothing changed": (0.32, 0.32),
    "warnings, a fifth inverted": (0.32, 0.8 * 0.32 + 0.2),
    "pneumonia found, a fifth inverted": (0.65, 0.8 * 0.65),
    "warnings, half inverted": (0.32, 0.5 * 0.32 + 0.5),
}


@click.command()
@click.option("--hospitals", default=20_000, show_default=True, help="Imagined hospitals for each line.")
def main(hospitals: int) -> None:
    """Print how often CUSUM and blocks tell a change of a share."""
    random = np.random.default_rng(SEED)
    for factor in FACTORS:
        limit = max(_limit(random, share, factor, hospitals) for share in SHARES)
        for title, (before, after) in CHANGES.items():
            first = random.binomial(BASELINE, before, hospitals)
            results = random.random((hospitals, BLOCK + AFTER))
            counts = results < np.where(np.arange(BLOCK + AFTER) < BLOCK, before, after)
            cusum, blocks = _cusum(first, counts, factor) > limit, _red_blocks(first, counts)
            told = [
                f"after {end - BLOCK} results {cusum[:, :end].any(axis=1).mean():.1%}, "
                f"blocks {blocks[:, 1 : end // BLOCK].any(axis=1).mean():.1%}"
                for end in (2 * BLOCK, BLOCK + AFTER)
            ]
            print(f"factor {factor}, limit {limit:.1f}, {title}: CUSUM {'; CUSUM '.join(told)}")


def _limit(random: np.random.Generator, share: float, factor: float, hospitals: int) -> float:
    """The sum that a hospital exceeds as often as it may while nothing changes."""
    first = random.binomial(BASELINE, share, hospitals)
    highest = _cusum(first, random.random((hospitals, BLOCK + AFTER)) < share, factor).max(axis=1)
    return float(np.quantile(highest, 1 - FALSE_ALARMS))


def _cusum(first: np.ndarray, counts: np.ndarray, factor: float) -> np.ndarray:
    """The higher of both sums after each result, float64 (hospitals, results).

    Args:
        first: how many of the first results count, (hospitals,).
        counts: whether each later one does, (hospitals, results).
        factor: of the odds, or by which they are divided.
    """
    share = (first + 0.5) / (BASELINE + 1)
    highest = np.zeros(counts.shape)
    for ratio in (factor, 1 / factor):
        changed = ratio * share / (1 - share + ratio * share)
        gain, loss, total = np.log(changed / share), np.log((1 - changed) / (1 - share)), np.zeros(len(first))
        for number, column in enumerate(counts.T):
            total = np.maximum(0, total + np.where(column, gain, loss))
            highest[:, number] = np.maximum(highest[:, number], total)
    return highest


def _red_blocks(first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Whether each block would turn the light red by this share alone, bool (hospitals, blocks)."""
    bounds = np.array([limits(Count(count, BASELINE), BLOCK, RED_TAIL) for count in range(BASELINE + 1)])
    low, high = bounds[first].T[:, :, np.newaxis]
    in_block = counts.reshape(len(counts), -1, BLOCK).sum(axis=2)
    return (in_block < low) | (in_block > high)


if __name__ == "__main__":
    main()
