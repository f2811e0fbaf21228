"""Predictions by both ways, alternating: from files on disk to probabilities; and agreement with Keras."""

from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.effort import Effort
from benchmarks.images import TEST_SPLIT, pick_test_images
from benchmarks.notebook_way import NotebookStart, NotebookWay
from benchmarks.studio_way import KerasPredictor, StudioPredictor
from benchmarks.worker import Worker
from core.config import THRESHOLD, processor
from core.dataset import open_dataset

EXCUSED_DISTANCE = 0.01  # from the threshold, within which bfloat16 may change the predicted label


def measure(folder: Path, effort: Effort, scratch: Path, model: Path, notebook_model: Path) -> dict:
    """Seconds of one prediction, of a batch and of loading, and peak memory, by way.

    Args:
        folder: data set whose test images are predicted.
        effort: how much to measure.
        scratch: folder for the notebook's file.
        model: weights file for our predictor.
        notebook_model: the notebook's file, to load.

    Returns:
        By way, `notebook` and `studio`: answer_1_s, answer_32_s, load_s, peak_memory in bytes. For `studio`
        also borderline_share, the fraction of borderline test images, and rechecked, the fraction that was
        predicted again in float32.
    """
    together = effort.batch
    paths = pick_test_images(open_dataset(folder), together)
    seconds = {"notebook": {1: [], together: []}, "studio": {1: [], together: []}}
    with (
        closing(Worker(NotebookWay, folder, scratch, effort.batch)) as notebook,
        closing(Worker(StudioPredictor)) as studio,
    ):
        loads = {"studio": studio("load", model)}
        workers = {"notebook": notebook, "studio": studio}
        for count in (1, together):
            for number in range(effort.answers):
                batch = [paths[(number + i) % len(paths)] for i in range(count)]
                for way, worker in workers.items():
                    seconds[way][count].append(worker("predict", batch))
        borderline_share = studio("borderline_share", folder, TEST_SPLIT)
        rechecked = borderline_share if studio("rechecks") else 0.0
        memory = {way: worker.peak_memory() for way, worker in workers.items()}
    with closing(Worker(NotebookStart, notebook_model)) as start:
        loads["notebook"] = start("load")
    measured = {
        way: {
            "answer_1_s": median(times[1][1:]),  # the first prediction warms up
            "answer_32_s": median(times[together][1:]),
            "load_s": loads[way],
            "peak_memory": memory[way],
        }
        for way, times in seconds.items()
    }
    measured["studio"] |= {"borderline_share": borderline_share, "rechecked": rechecked}
    return measured


def agreement(folder: Path, models: dict[str, Path]) -> dict:
    """Largest differences of probabilities from Keras in float32, by model and precision.

    Args:
        folder: data set whose test images are predicted.
        models: weights files by name.

    Returns:
        By name, then by precision: `largest` difference, `class_changes` and `unexcused` ones, of
        images whose reference is not within 0.01 of the threshold; `n` images.
    """
    differences = {}
    with closing(Worker(KerasPredictor)) as keras, closing(Worker(StudioPredictor)) as studio:
        for name, path in models.items():
            reference = keras("probabilities", path, folder, TEST_SPLIT)
            differences[name] = {}
            for precision in processor.PRECISIONS:
                studio("load", path, precision)
                probabilities = studio("probabilities", folder, TEST_SPLIT)
                differences[name][precision] = _difference(reference, probabilities)
    return differences


def _difference(reference: np.ndarray, probabilities: np.ndarray) -> dict:
    changed = (reference >= THRESHOLD) != (probabilities >= THRESHOLD)
    excused = np.abs(reference - THRESHOLD) <= EXCUSED_DISTANCE
    return {
        "n": len(reference),
        "largest": float(np.abs(reference - probabilities).max()),
        "class_changes": int(changed.sum()),
        "unexcused": int((changed & ~excused).sum()),
    }
