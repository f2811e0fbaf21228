"""Predictions by both ways, alternating: from files on disk to probabilities; and agreement with Keras."""

from collections import defaultdict
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.effort import Effort
from benchmarks.images import TEST_SPLIT, pick_test_images
from benchmarks.notebook_way import NotebookStart, NotebookWay
from benchmarks.studio_way import KerasPredictor, StudioPredictor, StudioReader
from benchmarks.worker import Worker
from core.config import THRESHOLD, processor
from core.dataset import open_dataset

SLOW = 0.99  # quantile of the slowest answers
EXCUSED_DISTANCE = 0.01  # from the threshold, within which bfloat16 may change the predicted label


def measure(
    folder: Path, effort: Effort, scratch: Path, model: Path, notebook_model: Path, stages: Path
) -> dict:
    """Seconds of answers and of the start of a process, and peak memory, by way.

    Args:
        folder: data set whose test images are predicted.
        effort: how much to measure.
        scratch: folder for the notebook's file.
        model: weights file that answers.
        notebook_model: the notebook's file, to load.
        stages: folder of the weights files of the stages that were trained.

    Returns:
        By way, `notebook` and `studio`: answer_1_s and answer_1_slow_s, median and 99th percentile,
        answer_32_s, start_s, peak_memory in bytes. For `studio` also answer_full_s, with lungs, checks and
        heat map, second_opinion_s, rechecked, the fraction of test images that was predicted again in
        float32, and stages_memory, of a process that answers with the model and with each stage.
    """
    paths = pick_test_images(open_dataset(folder), max(effort.batch, effort.answers))
    with (
        closing(Worker(NotebookWay, folder, scratch, effort.batch)) as notebook,
        closing(Worker(StudioReader)) as studio,
    ):
        studio("first_answer", model, paths[0])  # unpacks the network, once for all later processes
        seconds = _seconds(notebook, studio, paths, effort)
        rechecked = studio("rechecked", folder, TEST_SPLIT)
        memory = {"notebook": notebook.peak_memory(), "studio": studio.peak_memory()}
        for path in sorted(stages.glob("*.h5")):
            studio("first_answer", path, paths[0])
            studio("answer", paths[0])
        stages_memory = studio.peak_memory()
    with closing(Worker(NotebookStart, notebook_model)) as notebook, closing(Worker(StudioReader)) as studio:
        starts = {
            "notebook": notebook("first_answer", paths[0]),
            "studio": studio("first_answer", model, paths[0]),
        }
    measured = {
        way: {
            "answer_1_s": median(seconds[way]),
            "answer_1_slow_s": float(np.quantile(seconds[way], SLOW)),
            "answer_32_s": median(seconds[f"{way}_32"]),
            "start_s": starts[way],
            "peak_memory": memory[way],
        }
        for way in memory
    }
    measured["studio"] |= {
        "answer_full_s": median(seconds["full"]),
        "second_opinion_s": median(seconds["second_opinion"]),
        "rechecked": rechecked,
        "stages_memory": stages_memory,
    }
    return measured


def _seconds(notebook: Worker, studio: Worker, paths: list[Path], effort: Effort) -> dict[str, list[float]]:
    """Seconds of each kind of answer, alternating; the first of each, which warms up, is left out."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(effort.answers):
        path = paths[number % len(paths)]
        seconds["notebook"].append(notebook("predict", [path]))
        seconds["studio"].append(studio("predict", [path]))
        seconds["full"].append(studio("answer", path))
        seconds["second_opinion"].append(studio("second_opinion", path))
    for number in range(effort.batches):
        batch = [paths[(number + i) % len(paths)] for i in range(effort.batch)]
        seconds["notebook_32"].append(notebook("predict", batch))
        seconds["studio_32"].append(studio("predict", batch))
    return {kind: each[1:] for kind, each in seconds.items()}


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
