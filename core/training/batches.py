"""Batches for training: a stream whose order is a function of seed and step, made ahead of the step."""

import queue
import threading
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from core.config import CLASS_NAMES

Source = Callable[[np.ndarray, int], np.ndarray]  # (positions, number of the pass) -> network input
AHEAD = 2  # batches
BLENDING = 1  # tells the draws of mixup from those of the order


def training_stream(
    source: Source,
    labels: np.ndarray,
    size: int,
    seed: list[int],
    first_step: int = 0,
    mixup: float = 0.0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Passes through the images without end, each in its own order, cut into batches of equal size.

    Args:
        source: gives the input of some positions in some pass.
        labels: int ndarray of shape (n,).
        size: images a batch.
        seed: of the order.
        first_step: batches to leave out at the start, as if they had been drawn.
        mixup: alpha of the Beta distribution by which each batch is blended with itself in another order
            (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018); 0 blends none.

    Yields:
        Input of a batch, and its labels as (size, 2) one-hot float32, blended alike.
    """
    classes = np.eye(len(CLASS_NAMES), dtype=np.float32)
    orders: dict[int, np.ndarray] = {}
    for step in count(first_step):
        begin = step * size
        passes, places = np.divmod(np.arange(begin, begin + size), len(labels))
        orders = {
            number: orders.get(number, np.random.default_rng([*seed, number]).permutation(len(labels)))
            for number in np.unique(passes).tolist()
        }
        drawn = [(orders[number][places[passes == number]], number) for number in orders]
        inputs = np.concatenate([source(positions, number) for positions, number in drawn])
        targets = classes[labels[np.concatenate([positions for positions, _ in drawn])]]
        if mixup:
            random = np.random.default_rng([*seed, step, BLENDING])
            share, other = np.float32(random.beta(mixup, mixup)), random.permutation(size)
            inputs = share * inputs + (1 - share) * inputs[other]
            targets = share * targets + (1 - share) * targets[other]
        yield inputs, targets


def prefetched(batches: Iterator) -> Iterator:
    """The same batches, made by a thread ahead of their use; closing it ends the thread."""
    ready: queue.Queue = queue.Queue(AHEAD)
    closed = threading.Event()

    def fill() -> None:
        try:
            for batch in batches:
                put(batch)
                if closed.is_set():
                    return
        except Exception as error:
            put(error)

    def put(item) -> None:
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
