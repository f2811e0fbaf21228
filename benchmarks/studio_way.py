"""This project, as its users run it: real runs in their own processes, answers from the predictor."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.config import TrainingSettings
from core.runs import Plan, create_run, jobs

NEVER = 1000  # epochs of patience


@dataclass(frozen=True)
class Trained:
    """What a finished run tells of its speed.

    Attributes:
        images_per_second: of its stages' training steps, by stage.
        seconds: from its start to its end, extraction and evaluation included.
        epoch_overhead: seconds of an epoch beside its steps: validation, best weights.
        epochs_seconds: of all epochs together.
        extracted: images whose frozen layers are computed when none are kept.
        training: images trained on.
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


def train(settings: TrainingSettings, home: Path, models: Path) -> Trained:
    """Train a run to its end, without early stopping; its weights go to the folder `models`.

    Raises:
        RuntimeError: it failed.
    """
    settings = replace(settings, early_stopping=NEVER, plateau=NEVER)
    run = create_run(settings, f"run-{time.time_ns()}", home / "runs", models)
    jobs.start(run)
    while jobs.is_active(run):
        time.sleep(0.1)
    status = run.status()
    if status.state != "finished":
        raise RuntimeError(f"{status.message}\n{run.log_tail()}")
    facts, steps, epochs = run.facts(), run.steps(), run.epochs()
    speeds = _images_per_second(steps, settings.batch_size)
    epochs_seconds = float(epochs.groupby("stage")["seconds"].max().sum())
    of_steps = sum(
        count * settings.batch_size / speeds[stage] for stage, count in steps.groupby("stage").size().items()
    )
    plan = Plan(settings, facts["training"], facts["validation"], facts["test"])
    return Trained(
        images_per_second=speeds,
        seconds=status.ended - status.started,
        epoch_overhead=max(0.0, epochs_seconds - of_steps) / len(epochs),
        epochs_seconds=epochs_seconds,
        extracted=plan.extracted_images(),
        training=facts["training"],
        peak_memory=status.peak_memory,
        precision=facts["precision"],
        evaluation=run.evaluation(),
    )


def _images_per_second(steps, batch_size: int) -> dict[int, float]:
    """By stage, over all steps but the first of each epoch, which waits for the validation before it."""
    found = {}
    for stage, rows in steps.groupby("stage"):
        took = rows["seconds"].diff()[rows["epoch"].diff() == 0]
        found[int(stage)] = batch_size / float(took.mean())
    return found


class Answers:
    """A loaded predictor, in a process that never imports TensorFlow."""

    def load(self, model: Path, precision: str = "auto") -> float:
        """Seconds from a bare interpreter to a warm predictor, imports included."""
        began = time.perf_counter()
        from core.diagnosis import load_predictor

        self._predictor = load_predictor(model, precision)
        return time.perf_counter() - began

    def answer(self, files: list[Path]) -> float:
        """Seconds from files on disk to their probabilities."""
        from core.images import read

        began = time.perf_counter()
        self._predictor.predict([read(file) for file in files])
        return time.perf_counter() - began

    def rechecked(self, data: Path, split: str) -> float:
        """Share of the films of a split that are judged again in float32."""
        from core.diagnosis import borderline

        return float(borderline(self.probabilities(data, split)).mean()) if self._predictor.rechecks else 0.0

    def probabilities(self, data: Path, split: str) -> np.ndarray:
        """Of PNEUMONIA, of every film of a split."""
        from core.dataset import open_dataset

        dataset = open_dataset(data)
        rows = np.flatnonzero(dataset.table["split"] == split)
        return self._predictor.probabilities(dataset.pixels[rows])


class Reference:
    """The same weights in Keras, float32: what the compiled model is measured against."""

    def probabilities(self, model: Path, data: Path, split: str) -> np.ndarray:
        """Of PNEUMONIA, of every film of a split."""
        from core.dataset import open_dataset
        from core.images import network_input
        from core.network import build, set_arrays
        from core.weights import read_model

        arrays, record = read_model(model)
        network = build(scaling=record.scaling)
        set_arrays(network, arrays)
        dataset = open_dataset(data)
        rows = np.flatnonzero(dataset.table["split"] == split)
        return network.predict(network_input(dataset.pixels[rows]), verbose=0)[:, 1]
