"""Answers, both ways in turn: from files on disk to probabilities; and how far ours lie from Keras's."""

from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.effort import Effort
from benchmarks.films import test_films
from benchmarks.notebook_way import NotebookStart, NotebookWay
from benchmarks.studio_way import Answers, Reference
from benchmarks.worker import Worker
from core.config import THRESHOLD
from core.dataset import open_dataset
from core.processor import PRECISIONS

TOGETHER = 32


def measure(folder: Path, effort: Effort, scratch: Path, model: Path, notebook_model: Path) -> dict:
    """Seconds of one answer and of 32, of loading, and peak bytes, by way; ours with the share of
    films that are judged again in float32.

    Args:
        folder: data set whose test films are answered.
        effort: how long to measure.
        scratch: folder for the notebook's file.
        model: weights file of our predictor.
        notebook_model: the notebook's file, to load.
    """
    test = test_films(open_dataset(folder), TOGETHER)
    times = {"notebook": {1: [], TOGETHER: []}, "studio": {1: [], TOGETHER: []}}
    with (
        closing(Worker(NotebookWay, folder, scratch)) as notebook,
        closing(Worker(Answers)) as studio,
    ):
        load = studio("load", model)
        workers = {"notebook": notebook, "studio": studio}
        for count in (1, TOGETHER):
            for number in range(effort.answers):
                films = [test[(number + i) % len(test)] for i in range(count)]
                for way, worker in workers.items():
                    times[way][count].append(worker("answer", films))
        rechecked = studio("rechecked", folder, "test")
        memory = {way: worker.peak_memory() for way, worker in workers.items()}
    with closing(Worker(NotebookStart, notebook_model)) as start:
        loads = {"notebook": start("load"), "studio": load}
    return {
        way: {
            "answer_1_s": median(found[1][1:]),  # the first answer warms up
            "answer_32_s": median(found[TOGETHER][1:]),
            "load_s": loads[way],
            "peak_memory": memory[way],
            "rechecked": rechecked if way == "studio" else None,
        }
        for way, found in times.items()
    }


def agreement(folder: Path, models: list[Path]) -> dict:
    """Largest differences of probabilities from Keras in float32, by weights file and precision.

    Returns:
        By file name, then by precision: `largest` difference, `class_changes`, and `unexcused` ones,
        of films whose reference is not within 0.01 of the threshold; `n` films.
    """
    found = {}
    with closing(Worker(Reference)) as reference, closing(Worker(Answers)) as studio:
        for path in models:
            theirs = reference("probabilities", path, folder, "test")
            found[path.name] = {}
            for precision in PRECISIONS:
                studio("load", path, precision)
                ours = studio("probabilities", folder, "test")
                found[path.name][precision] = _difference(theirs, ours)
    return found


def _difference(theirs: np.ndarray, ours: np.ndarray) -> dict:
    changed = (theirs >= THRESHOLD) != (ours >= THRESHOLD)
    return {
        "n": len(theirs),
        "largest": float(np.abs(theirs - ours).max()),
        "class_changes": int(changed.sum()),
        "unexcused": int((changed & (np.abs(theirs - THRESHOLD) > 0.01)).sum()),
    }
