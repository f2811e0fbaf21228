"""Callbacks of a stage's training: best weights, divergence, and history."""

import time
from pathlib import Path
from typing import Any

import keras
from tensorboard.summary import Writer

from core.errors import UserError
from core.network import save
from core.runs import DIVERGED, Run
from core.sentence import Sentence
from core.training.optimizer import averaged
from core.training.progress import Progress
from core.weights import ModelRecord

SECONDS_BETWEEN_FLUSHES = 0.5


class KeepBest(keras.callbacks.Callback):
    """Tracks the epoch with the lowest validation loss, and saves the network when asked to.

    The trained model may be a part of the network that shares its layers; the whole network is saved. The
    file is written after the epoch's checkpoint, from which it can be written again.
    """

    def __init__(self, trained: keras.Model, network: keras.Model, path: Path, record: ModelRecord) -> None:
        super().__init__()
        self.trained, self.network, self.path, self.record = trained, network, path, record
        self.best: float | None = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Compare the validation loss; adds `best` to the logs."""
        logs["best"] = int(self.best is None or logs["val_loss"] < self.best)
        if logs["best"]:
            self.best, self.best_epoch = logs["val_loss"], epoch + 1

    def save(self) -> None:
        """Save the network as it is now, with the averages of its weights if they are tracked."""
        with averaged(self.trained):
            save(self.network, self.path, self.record)


class StopOnDivergence(keras.callbacks.Callback):
    """Ends the run when a loss is no longer a finite number."""

    model: keras.Model  # set by Keras

    def on_train_batch_end(self, batch: int, logs: dict) -> None:
        """Check the training loss."""
        self._check(logs["loss"])

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Check the validation loss."""
        self._check(logs["val_loss"])

    def _check(self, loss: float) -> None:
        if not loss < float("inf"):
            rate = float(self.model.optimizer.learning_rate)
            raise UserError(DIVERGED.text(rate=rate))


class History(keras.callbacks.Callback):
    """Writes steps and epochs to the run's CSV files, TensorBoard events and state."""

    model: keras.Model  # set by Keras, like the next
    params: dict[str, Any]

    def __init__(self, run: Run, stage: int, batch_size: int, progress: Progress) -> None:
        super().__init__()
        self.run, self.stage, self.batch_size, self.progress = run, stage, batch_size, progress
        self.rows: list[dict] = []
        self.images_per_second: float | None = None
        self.seconds = 0.0  # of this stage, up to the last row

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Open the TensorBoard events."""
        self.writer = Writer(str(self.run.events_path / f"stage_{self.stage}"))

    def on_train_end(self, logs: dict | None = None) -> None:
        """Write remaining rows."""
        self.close()

    def close(self) -> None:
        """Write remaining rows and close the TensorBoard events."""
        self._flush()
        self.writer.close()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clocks."""
        self.epoch = epoch + 1
        self.last_flush = self.last_row = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict) -> None:
        """Add a step and update the progress."""
        row = {"stage": self.stage, "epoch": self.epoch, "step": batch + 1, **logs}
        self.rows.append({**row, "seconds": self._tick()})
        if time.monotonic() - self.last_flush >= SECONDS_BETWEEN_FLUSHES:
            self._flush()
        self.progress.add(
            self.progress.estimate.epoch(self.stage) / self.params["steps"],
            stage=self.stage,
            epoch=self.epoch,
            epochs=self.params["epochs"],
            step=batch + 1,
            steps=self.params["steps"],
            images_per_second=self.images_per_second,
            message=Sentence("Stage {stage}: training", stage=self.stage),
        )

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Add an epoch."""
        self._flush()
        step = (epoch + 1) * self.params["steps"]
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            self.writer.add_scalar(name, logs[name], step)
        rate = float(self.model.optimizer.learning_rate)
        self.writer.add_scalar("learning_rate", rate, step)
        self.writer.flush()
        row = {"stage": self.stage, "epoch": epoch + 1, "seconds": self._tick(), "learning_rate": rate}
        self.run.append_epoch({**row, **{name: logs[name] for name in logs if name != "learning_rate"}})

    def _tick(self) -> float:
        """Seconds of this stage until now."""
        now = time.monotonic()
        self.seconds += now - self.last_row
        self.last_row = now
        return self.seconds

    def _flush(self) -> None:
        """Append the rows to the history."""
        now = time.monotonic()
        if self.rows:
            images = len(self.rows) * self.batch_size
            self.images_per_second = round(images / (now - self.last_flush), 1)
            rows = [{**row, "images_per_second": self.images_per_second} for row in self.rows]
            self.run.append_steps(rows)
        self.rows, self.last_flush = [], now
