"""Batches for training: an endless stream whose order depends only on seed and step, and prefetching."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import count

import numpy as np

from core.config import CLASS_NAMES

InputSource = Callable[[np.ndarray, int], np.ndarray]  # (positions, number of the pass) -> network input
Batch = tuple[np.ndarray, np.ndarray]  # input, one-hot labels
PREFETCHED_BATCHES = 2
MIXUP_STREAM = 1  # separates the random numbers of mixup from those of the order


def training_stream(
    source: InputSource,
    labels: np.ndarray,
    size: int,
    seed: list[int],
    first_step: int = 0,
    mixup: float = 0.0,
) -> Iterator[Batch]:
    """Endless passes through the images, each in its own order, cut into batches of equal size.

    Args:
        source: returns the input of some positions in some pass.
        labels: int ndarray of shape (n,).
        size: images per batch.
        seed: of the order.
        first_step: batches to skip at the start.
        mixup: alpha of the Beta distribution by which each batch is blended with itself in another order
            (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018); 0 turns mixup off.

    Yields:
        Input of a batch, and its labels as (size, 2) one-hot float32, blended in the same way.
    """
    classes = np.eye(len(CLASS_NAMES), dtype=np.float32)
    orders: dict[int, np.ndarray] = {}
    for step in count(first_step):
        begin = step * size
        passes, indices = np.divmod(np.arange(begin, begin + size), len(labels))
        orders = {
            number: orders.get(number, np.random.default_rng([*seed, number]).permutation(len(labels)))
            for number in np.unique(passes).tolist()
        }
        parts = [(orders[number][indices[passes == number]], number) for number in orders]
        inputs = np.concatenate([source(positions, number) for positions, number in parts])
        targets = classes[labels[np.concatenate([positions for positions, _ in parts])]]
        if mixup:
            random = np.random.default_rng([*seed, step, MIXUP_STREAM])
            share, other = np.float32(random.beta(mixup, mixup)), random.permutation(size)
            inputs = share * inputs + (1 - share) * inputs[other]
            targets = share * targets + (1 - share) * targets[other]
        yield inputs, targets


def prefetched(batches: Iterator[Batch]) -> Generator[Batch, None, None]:
    """The same batches, prepared in a background thread; closing the iterator ends the thread."""
    ready: queue.Queue[Batch | Exception] = queue.Queue(PREFETCHED_BATCHES)
    closed = threading.Event()

    def fill() -> None:
        try:
            for batch in batches:
                put(batch)
                if closed.is_set():
                    return
        except Exception as error:
            put(error)

    def put(item: Batch | Exception) -> None:
        while not closed.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    threading.Thread(target=fill, daemon=True).start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        closed.set()
