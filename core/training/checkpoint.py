"""Checkpoints of a stage in training: the process may be killed at any moment, and another resumes here.

After each epoch, all arrays that training changes are written atomically to a new file, then
`checkpoint.json`, which names that file and its SHA-256: writing the JSON is the commit. The two latest
generations are kept, so that an unreadable file costs one epoch and not the run.

Keras's `BackupAndRestore` writes two files that a kill may leave inconsistent, and does not save the state of
other callbacks.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from core import atomic
from core.errors import UserError
from core.sentence import Sentence
from core.training.callbacks import History, KeepBest
from core.training.loop import Position
from core.weights import file_digest

GENERATIONS = 2
CALLBACK_STATE = {  # by class; the names of classes and attributes are keys of checkpoint.json
    KeepBest: ("best", "best_epoch"),
    History: ("seconds",),
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "wait"),
    keras.callbacks.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
}


class Checkpoint(keras.callbacks.Callback):
    """Saves the state of training after each epoch; must be the last of the callbacks.

    Args:
        folder: of the run's checkpoints.
        stage: number of the stage.
        frozen: digest of the weights that the stage does not change; a run only resumes with the same ones.
        position: of the training loop.
        others: the callbacks before it, among them a `KeepBest`.
        save_best: called after the commit of the best epoch so far. If the process is killed between the two,
            `restore` calls it again.
    """

    model: keras.Model  # set by Keras, like the next
    params: dict[str, Any]

    def __init__(
        self,
        folder: Path,
        stage: int,
        frozen: str,
        position: Position,
        others: list[keras.callbacks.Callback],
        save_best: Callable[[], None],
    ) -> None:
        super().__init__()
        self.folder, self.stage, self.frozen = folder, stage, frozen
        self.position, self.others, self.save_best = position, others, save_best
        self.ended = False
        self.restored: dict[str, dict] | None = None

    def restore(self, model: keras.Model) -> None:
        """Restore model, optimizer and position from the last commit of this stage, if there is one.

        The state of the other callbacks is restored when training begins.

        Raises:
            UserError: the frozen weights differ from those that the stage began with.
        """
        for commit in self._commits():
            path = self.folder / commit["file"]
            if commit["stage"] != self.stage or not _is_whole(path, commit["sha256"]):
                continue
            if commit["frozen"] != self.frozen:
                raise UserError(
                    Sentence(
                        "The starting weights have changed since this run began, so it cannot be resumed. "
                        "Restore the old file, or start a new run."
                    )
                )
            model.optimizer.build(model.trainable_variables)
            _read(path, _variables(model))
            self.position.epochs, self.position.logs = commit["epochs"], commit["logs"]
            self.ended = commit["ended"]
            self.restored = restored = commit["callbacks"]
            if restored["KeepBest"]["best_epoch"] == commit["epochs"] > 0 and not commit["logs"]:
                self.save_best()
            return

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restore the state of the other callbacks."""
        if not self.restored:
            return
        for callback in self.others:
            for name in CALLBACK_STATE.get(type(callback), ()):
                setattr(callback, name, self.restored[type(callback).__name__][name])

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Commit, and save the weights of the best epoch."""
        self.ended = self.model.stop_training or self.position.epochs == self.params["epochs"]
        self.commit()
        if logs["best"]:
            self.save_best()

    def commit(self) -> None:
        """Save the current state.

        Raises:
            UserError: the disk is full; the previous generation remains.
        """
        name = f"stage-{self.stage}-epoch-{self.position.epochs}-step-{len(self.position.logs)}.h5"
        with atomic.replacing(self.folder / name) as temporary:
            _write(temporary, _variables(self.model))
            digest = file_digest(temporary)
        commit = {
            "file": name,
            "sha256": digest,
            "stage": self.stage,
            "epochs": self.position.epochs,
            "logs": self.position.logs,
            "ended": self.ended,
            "frozen": self.frozen,
            "callbacks": {
                type(callback).__name__: {
                    item: getattr(callback, item) for item in CALLBACK_STATE[type(callback)]
                }
                for callback in self.others
                if type(callback) in CALLBACK_STATE
            },
        }
        earlier = [other for other in self._commits() if other["file"] != name]
        commits = [commit, *earlier][:GENERATIONS]
        atomic.write_json(self.folder / "checkpoint.json", commits)
        clear(self.folder, {item["file"] for item in commits})

    def _commits(self) -> list[dict]:
        try:
            return json.loads((self.folder / "checkpoint.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []


def clear(folder: Path, keep: frozenset[str] | set[str] = frozenset()) -> None:
    """Delete array files except those in `keep`; if there are none to keep, the commits as well."""
    if not keep:
        (folder / "checkpoint.json").unlink(missing_ok=True)
    for path in folder.glob("*.h5"):
        if path.name not in keep:
            path.unlink()


def _variables(model: keras.Model) -> dict:
    """Everything that training changes, by path: weights, optimizer state and random generators.

    The moving averages of batch normalisation belong to it, although no gradient changes them.
    """
    weights = {id(variable) for variable in model.weights}
    generators = [variable for variable in model.variables if id(variable) not in weights]
    averages = [
        variable for layer in model.layers if layer.trainable for variable in layer.non_trainable_weights
    ]
    variables = {f"model/{item.path}": item for item in [*model.trainable_variables, *averages, *generators]}
    return variables | {f"optimizer/{item.path}": item for item in model.optimizer.variables}


def _write(path: Path, variables: dict) -> None:
    with h5py.File(path, "w") as file:
        for name, variable in variables.items():
            file[name] = np.asarray(variable)  # one copy; `convert_to_numpy` makes two


def _read(path: Path, variables: dict) -> None:
    with h5py.File(path, "r") as file:
        for name, variable in variables.items():
            variable.assign(np.asarray(file[name]))


def _is_whole(path: Path, digest: str) -> bool:
    """Whether a file exists and has the digest."""
    return path.exists() and file_digest(path) == digest
