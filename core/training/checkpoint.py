"""The state of a stage in training: a process may die at any moment, and another goes on from here.

Each epoch, all arrays that training changes are written to a file of their own (whole or not at all),
then `checkpoint.json`, which names that file and its SHA-256: the JSON is the commit. The two latest
generations are kept, so that a file that cannot be read costs an epoch and not the run.

Keras's `BackupAndRestore` writes two files that a kill may leave unequal, and forgets what other
callbacks know.
"""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np

from core import atomic
from core.errors import UserError
from core.network import leaf_layers
from core.training.callbacks import History, KeepBest
from core.training.loop import Position
from core.weights import file_digest

GENERATIONS = 2
REMEMBERED = {
    KeepBest: ("best", "best_epoch"),
    History: ("seconds",),
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "wait"),
    keras.callbacks.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
}


class Checkpoint(keras.callbacks.Callback):
    """Commits after each epoch, when all other callbacks have had their say: the last of the list.

    Args:
        folder: of the run's checkpoints.
        stage: number of the stage.
        frozen: digest of the weights that the stage does not change, to go on with the same ones.
        position: of the training loop.
        others: the callbacks before it, among them a `KeepBest`.
        save_best: called behind the commit of an epoch that is the best so far. A kill between the two
            is made good by `restore`, which calls it again.
    """

    def __init__(
        self,
        folder: Path,
        stage: int,
        frozen: str,
        position: Position,
        others: list[keras.callbacks.Callback],
        save_best: Callable[[], None],
    ):
        super().__init__()
        self.folder, self.stage, self.frozen = folder, stage, frozen
        self.position, self.others, self.save_best = position, others, save_best
        self.ended = False
        self.restored = None

    def restore(self, model: keras.Model) -> None:
        """Bring model, optimizer and position to the last commit of this stage, if there is one.

        What the other callbacks knew is given back to them when training begins.

        Raises:
            UserError: the frozen weights are no longer those that the stage began with.
        """
        for commit in self._commits():
            path = self.folder / commit["file"]
            if commit["stage"] != self.stage or not _is_whole(path, commit["sha256"]):
                continue
            if commit["frozen"] != self.frozen:
                raise UserError(
                    "The starting weights have changed since this run began, so it cannot go on from "
                    "where it stopped. Put the old file back, or start a new run."
                )
            model.optimizer.build(model.trainable_variables)
            _read(path, _variables(model))
            self.position.epochs, self.position.logs = commit["epochs"], commit["logs"]
            self.ended, self.restored = commit["ended"], commit["callbacks"]
            if self.restored["KeepBest"]["best_epoch"] == commit["epochs"] > 0 and not commit["logs"]:
                self.save_best()
            return

    def on_train_begin(self, logs=None):
        for callback in self.others if self.restored else ():
            for name in REMEMBERED.get(type(callback), ()):
                setattr(callback, name, self.restored[type(callback).__name__][name])

    def on_epoch_end(self, epoch, logs=None):
        self.ended = self.model.stop_training or self.position.epochs == self.params["epochs"]
        self.commit()
        if logs["best"]:
            self.save_best()

    def commit(self) -> None:
        """Keep the present state.

        Raises:
            UserError: the disk is full; the generation before stays.
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
                    item: getattr(callback, item) for item in REMEMBERED[type(callback)]
                }
                for callback in self.others
                if type(callback) in REMEMBERED
            },
        }
        earlier = [other for other in self._commits() if other["file"] != name]
        kept = [commit, *earlier][:GENERATIONS]
        atomic.write_json(self.folder / "checkpoint.json", kept)
        clear(self.folder, {item["file"] for item in kept})

    def _commits(self) -> list[dict]:
        try:
            return json.loads((self.folder / "checkpoint.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []


def clear(folder: Path, but: frozenset | set = frozenset()) -> None:
    """Delete the array files that are not in `but`; without any, the commits as well."""
    if not but:
        (folder / "checkpoint.json").unlink(missing_ok=True)
    for path in folder.glob("*.h5"):
        if path.name not in but:
            path.unlink()


def _variables(model: keras.Model) -> dict:
    """All that training changes, by path: weights, the optimizer's state, the state of random draws.

    The averages of batch normalisation are weights that no gradient changes, but training does.
    """
    weights = {id(variable) for variable in model.weights}
    draws = [variable for variable in model.variables if id(variable) not in weights]
    averages = [
        variable
        for layer in leaf_layers(model)
        if layer.trainable
        for variable in layer.non_trainable_weights
    ]
    found = {f"model/{item.path}": item for item in [*model.trainable_variables, *averages, *draws]}
    return found | {f"optimizer/{item.path}": item for item in model.optimizer.variables}


def _write(path: Path, variables: dict) -> None:
    with h5py.File(path, "w") as file:
        for name, variable in variables.items():
            file[name] = keras.ops.convert_to_numpy(variable)


def _read(path: Path, variables: dict) -> None:
    with h5py.File(path, "r") as file:
        for name, variable in variables.items():
            variable.assign(np.asarray(file[name]))


def _is_whole(path: Path, digest: str) -> bool:
    return path.exists() and file_digest(path) == digest
