"""What an answer of an ensemble costs, measured on this computer before it is registered."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil

from core.config import processor
from core.errors import UserError
from core.images import Image
from core.inference import EnsemblePredictor, Predictor, load_predictor
from core.registry.golden_images import drawn_images
from core.sentence import Sentence

REPEATS = 5  # of which the median counts


@dataclass(frozen=True)
class EnsembleCost:
    """Time and memory of one member and of all.

    Attributes:
        member_seconds, seconds: for one image with its heat map, by the first member and by the ensemble.
        member_memory, memory: bytes that a process holds of its own in which the first member, or all of
            them, answer; without mapped weights, which processes share.
    """

    member_seconds: float
    seconds: float
    member_memory: int
    memory: int

    def sentence(self) -> str:
        """What an answer costs, and how many times as much as one member's."""
        longer, more = self.seconds / self.member_seconds, self.memory / self.member_memory
        return (
            f"An answer takes {self.seconds:.3f} s, {longer:.1f} times as long as the first member alone "
            f"({self.member_seconds:.3f} s); a process holds {self.memory >> 20:,} MiB of memory of its "
            f"own, {more:.1f} times as much ({self.member_memory >> 20:,} MiB)."
        )


def measure_cost(members: list[Path]) -> EnsembleCost:
    """Measure time and memory in a process of its own, which holds nothing else.

    Args:
        members: their weights files.

    Raises:
        UserError: a file cannot be used, or the members do not fit into memory.
    """
    try:
        _in_new_process(_unpack, members)  # into the cache, from which the next process maps them
        return _in_new_process(_measured, members)
    except BrokenProcessPool as error:
        raise UserError(
            Sentence(
                "{count} members do not fit into the memory of this computer. Choose fewer.",
                count=len(members),
            )
        ) from error


def _in_new_process(work: Callable[[list[Path]], Any], members: list[Path]) -> Any:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, members).result()


def _unpack(members: list[Path]) -> None:
    for path in members:
        load_predictor(path)


def _measured(members: list[Path]) -> EnsembleCost:
    first, *others = members
    threads = processor.answering_threads()
    one = load_predictor(first, threads=threads)
    member_seconds, member_memory = _seconds(one), _memory()
    predictors = (one, *(load_predictor(path, threads=threads) for path in others))
    seconds = _seconds(EnsemblePredictor(one.record, first, one.precision, predictors))
    return EnsembleCost(member_seconds, seconds, member_memory, _memory())


def _seconds(predictor: Predictor) -> float:
    """Median time for one image, after one that is not counted."""
    image, times = Image("", drawn_images(1)[0], ""), []
    for _ in range(1 + REPEATS):
        started = time.perf_counter()
        predictor.outputs([image], heat=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def _memory() -> int:
    memory = psutil.Process().memory_info()
    return memory.rss - memory.shared
