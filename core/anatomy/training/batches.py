"""The endless stream of augmented batches."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.anatomy.examples import Examples
from core.anatomy.training.augmentation import augment
from core.anatomy.training.negatives import draw_negative

NEGATIVE_SHARE = 0.12  # of a batch: images without lungs
Batch = tuple[np.ndarray, np.ndarray]


def stream(sources: Sequence[tuple[Examples, float]], size: int, seed: int) -> Iterator[Batch]:
    """Endless batches: input, float32 (size, 128, 128, 1), and shares, float32 (size, 64, 64, 3).

    Args:
        sources: examples, and how often one of them is drawn compared with the others.
        size: of a batch.
        seed: of order and augmentation.
    """
    random = np.random.default_rng(seed)
    weights = np.array([weight for _, weight in sources])
    orders = [_endless_order(len(examples), random) for examples, _ in sources]
    while True:
        drawn = []
        for _ in range(size):
            source = random.choice(len(sources), p=weights / weights.sum())
            row = next(orders[source])
            image, lungs = sources[source][0].images[row], sources[source][0].lungs[row]
            if random.random() < NEGATIVE_SHARE:
                image, lungs = draw_negative(random, image, lungs), np.zeros_like(lungs)
            drawn.append(augment(random, image, lungs))
        images, lungs = (np.stack(part).astype(np.float32) for part in zip(*drawn, strict=True))
        lungs = halved(lungs) / 255
        background = np.clip(1 - lungs.sum(axis=-1, keepdims=True), 0, 1)
        yield images[..., np.newaxis], np.concatenate([background, lungs], axis=-1)


def halved(lungs: np.ndarray) -> np.ndarray:
    """Means of squares of 2 x 2 pixels: (n, 128, 128, 2) to (n, 64, 64, 2)."""
    count, rows, columns, planes = lungs.shape
    return lungs.reshape(count, rows // 2, 2, columns // 2, 2, planes).mean(axis=(2, 4))


def _endless_order(count: int, random: np.random.Generator) -> Iterator[int]:
    """All numbers below `count` in random order, again and again."""
    while True:
        yield from map(int, random.permutation(count))
