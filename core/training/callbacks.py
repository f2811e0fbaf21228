"""What happens beside a stage's training: history, best weights, a request to stop."""

import time
from pathlib import Path

import keras
from tensorboard.summary import Writer

from core.errors import UserError
from core.network import save
from core.runs import DIVERGED, Run
from core.training.optimizer import averaged
from core.training.progress import Progress
from core.weights import ModelRecord

SECONDS_BETWEEN_FLUSHES = 0.5


class KeepBest(keras.callbacks.Callback):
    """Tell whether the validation loss is the lowest so far; save the whole network when asked to.

    What trains may be a part of the network that shares its layers; what is saved is the whole. The
    file is written after the epoch's checkpoint, from which it can be written again.
    """

    def __init__(self, trained: keras.Model, network: keras.Model, path: Path, record: ModelRecord):
        super().__init__()
        self.trained, self.network, self.path, self.record = trained, network, path, record
        self.best, self.best_epoch = None, 0

    def on_epoch_end(self, epoch, logs=None):
        logs["best"] = int(self.best is None or logs["val_loss"] < self.best)
        if logs["best"]:
            self.best, self.best_epoch = logs["val_loss"], epoch + 1

    def save(self) -> None:
        """Save the network as it is now, with the averages of its weights where they are kept."""
        with averaged(self.trained):
            save(self.network, self.path, self.record)


class RefuseNonsense(keras.callbacks.Callback):
    """End the run when a loss is no longer a number."""

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs["val_loss"])

    def _check(self, loss: float) -> None:
        if not loss < float("inf"):
            rate = float(self.model.optimizer.learning_rate)
            raise UserError(f"{DIVERGED}: the learning rate {rate:g} is too high. Lower it and start again.")


class History(keras.callbacks.Callback):
    """Steps and epochs into the run's CSV files, its TensorBoard events and its state."""

    def __init__(self, run: Run, stage: int, batch_size: int, progress: Progress):
        super().__init__()
        self.run, self.stage, self.batch_size, self.progress = run, stage, batch_size, progress
        self.rows, self.speed = [], None
        self.seconds = 0.0  # of this stage, until the last row

    def on_train_begin(self, logs=None):
        self.writer = Writer(str(self.run.events_path / f"stage_{self.stage}"))

    def on_train_end(self, logs=None):
        self.close()

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self.writer.close()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.mark = self.flushed = self.clock = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        row = {"stage": self.stage, "epoch": self.epoch, "step": batch + 1, **logs}
        self.rows.append({**row, "seconds": self._tick()})
        if time.monotonic() - self.flushed >= SECONDS_BETWEEN_FLUSHES:
            self._flush()
        self.progress.work(
            self.progress.plan.epoch(self.stage) / self.params["steps"],
            stage=self.stage,
            epoch=self.epoch,
            epochs=self.params["epochs"],
            step=batch + 1,
            steps=self.params["steps"],
            images_per_second=self.speed,
            message=f"Stage {self.stage}: training",
        )

    def on_epoch_end(self, epoch, logs=None):
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
        now = time.monotonic()
        self.seconds += now - self.clock
        self.clock = now
        return self.seconds

    def _flush(self):
        now = time.monotonic()
        if self.rows:
            self.speed = round(len(self.rows) * self.batch_size / (now - self.mark), 1)
            self.run.append_steps([{**row, "images_per_second": self.speed} for row in self.rows])
        self.rows, self.flushed, self.mark = [], now, now
