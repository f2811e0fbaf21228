"""This project as its users run it: real training runs in their own processes, and its predictor."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from core.config import TrainingSettings
from core.runs import Run, WorkEstimate, create_run, jobs

NO_PATIENCE_LIMIT = 1000  # epochs: no early stopping, no reduction of the learning rate
POLL_S = 1.0
UNFINISHED = ("queued", "running")


@dataclass(frozen=True)
class TrainedRun:
    """Speed, memory and metrics of a finished run.

    Attributes:
        images_per_second: of the training steps, by stage.
        seconds: from start to end, including extraction and evaluation.
        epoch_overhead: seconds of an epoch outside its steps: validation, saving the best weights.
        epochs_seconds: of all epochs together.
        extracted: number of images that pass through the frozen layers if nothing is cached yet.
        training: number of training images.
        peak_memory: bytes.
        precision: of its convolutions.
        evaluation: metrics by stage and split.
    """

    images_per_second: dict[int, float]
    seconds: float
    epoch_overhead: float
    epochs_seconds: float
    extracted: int
    training: int
    peak_memory: int
    precision: str
    evaluation: dict


def train(settings: TrainingSettings, home: Path, models: Path) -> TrainedRun:
    """Train a run to its end, without early stopping.

    Args:
        settings: of the run.
        home: the run's folder is created in `home/runs`.
        models: folder to which the weights are published.

    Raises:
        RuntimeError: the run did not finish; the message has its exit reason and the end of its log.
    """
    settings = replace(settings, early_stopping=NO_PATIENCE_LIMIT, plateau=NO_PATIENCE_LIMIT)
    run = create_run(settings, f"run-{time.time_ns()}", home / "runs", models)
    jobs.start(run)
    wait_until_ended(run)
    status = run.status()
    if status.state != "finished":
        raise RuntimeError(f"{run.name} is {status.state}: {status.message}\n{run.log_tail()}")
    assert status.ended is not None and status.peak_memory is not None  # a finished run has both
    facts, steps, epochs = run.facts(), run.steps(), run.epochs()
    speeds = _images_per_second(steps, settings.batch_size)
    epochs_seconds = float(epochs.groupby("stage")["seconds"].max().sum())
    steps_seconds = sum(
        count * settings.batch_size / speeds[cast(int, stage)]
        for stage, count in steps.groupby("stage").size().items()
    )
    estimate = WorkEstimate(settings, facts["training"], facts["validation"], facts["test"])
    return TrainedRun(
        images_per_second=speeds,
        seconds=status.ended - status.started,
        epoch_overhead=max(0.0, epochs_seconds - steps_seconds) / len(epochs),
        epochs_seconds=epochs_seconds,
        extracted=estimate.extracted_images(),
        training=facts["training"],
        peak_memory=status.peak_memory,
        precision=facts["precision"],
        evaluation=run.results.evaluation(),
    )


def wait_until_ended(run: Run) -> None:
    """Wait until a queued run has ended and its process has exited.

    The state decides, not the process: the scheduler starts the process some time after the run was queued.
    """
    while run.status().state in UNFINISHED:
        jobs.ensure_scheduler(run.path.parent)
        time.sleep(POLL_S)
    while jobs.is_active(run):  # the process writes the state before it exits
        time.sleep(POLL_S / 10)


def _images_per_second(steps: pd.DataFrame, batch_size: int) -> dict[int, float]:
    """By stage, without the first step of each epoch, which includes the validation before it."""
    speeds = {}
    for stage, rows in steps.groupby("stage"):
        durations = rows["seconds"].diff()[rows["epoch"].diff() == 0]
        speeds[int(cast(int, stage))] = batch_size / float(durations.mean())
    return speeds


class StudioReader:
    """A model that reads images, in a process that never imports TensorFlow."""

    def first_answer(self, model: Path, image: Path) -> float:
        """Seconds from a bare interpreter to the probability of a file, including imports."""
        began = time.perf_counter()
        from core.inference import Reader

        self._reader = Reader(model)
        self.predict([image])
        return time.perf_counter() - began

    def predict(self, paths: list[Path]) -> float:
        """Seconds from files on disk to their probabilities."""
        from core.images import read_image

        began = time.perf_counter()
        self._reader.predictor.predict([read_image(path) for path in paths])
        return time.perf_counter() - began

    def answer(self, path: Path) -> float:
        """Seconds from a file on disk to its probability with lungs, all checks and the heat map."""
        from core.images import read_image

        began = time.perf_counter()
        self._reader.read([read_image(path)], heat_map=True)
        return time.perf_counter() - began

    def second_opinion(self, path: Path) -> float:
        """Seconds that the second opinion takes in addition."""
        from core.images import read_image

        (reading,) = self._reader.read([read_image(path)], anyway=True)
        began = time.perf_counter()
        self._reader.second_opinion(reading)
        return time.perf_counter() - began

    def rechecked(self, data: Path, split: str) -> float:
        """Fraction of the images of a split that are predicted again in float32."""
        from core.inference import NetworkPredictor

        network = self._reader.predictor
        assert isinstance(network, NetworkPredictor)  # no model that is measured is an ensemble
        return float(network.needs_float32(network.probabilities(_split_pixels(data, split))).mean())


class StudioPredictor:
    """A loaded network, in a process that never imports TensorFlow."""

    def load(self, model: Path, precision: str) -> None:
        """Load a network; its first answer compiles it."""
        from core.inference import load_network

        self._predictor = load_network(model, precision)

    def probabilities(self, data: Path, split: str) -> np.ndarray:
        """Probability of PNEUMONIA for every image of a split, float64 (n,)."""
        return self._predictor.probabilities(_split_pixels(data, split))


class KerasPredictor:
    """The same weights in Keras, in float32: the reference for the compiled model."""

    def probabilities(self, model: Path, data: Path, split: str) -> np.ndarray:
        """Probability of PNEUMONIA for every image of a split, float32 (n,)."""
        from core.images import network_input
        from core.network import build, set_arrays
        from core.weights import read_model

        arrays, record = read_model(model)
        network: Any = build(scaling=record.scaling)  # Any: Keras infers `verbose` to be text
        set_arrays(network, arrays)
        return network.predict(network_input(_split_pixels(data, split)), verbose=0)[:, 1]


def _split_pixels(data: Path, split: str) -> np.ndarray:
    """Pixels of the images of a split, uint8 (n, 128, 128)."""
    from core.dataset import open_dataset

    dataset = open_dataset(data)
    return dataset.pixels[np.flatnonzero(dataset.table["split"] == split)]
