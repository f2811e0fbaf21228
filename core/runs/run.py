"""A run's folder: settings, state, history and results, readable with a text editor.

settings.json          what was asked for
state.json             where it stands, replaced as it goes
steps.csv, epochs.csv  history, appended to
events/                the same history for TensorBoard
evaluation.json        metrics by stage and split
predictions/           model_01-test.csv, ...: path, label, patient, cause, probability;
                       no_lungs_frame-test.csv, ...: the same by what can be told without lungs
weights/               best weights of each stage
references/            the training films as each stage sees them, for answers about other films
checkpoints/           what the stage in training needs to go on after the last finished epoch
note.txt               what somebody wrote about it
log.txt                what the process printed
process.json           which process trains it
lock                   held while the process lives
"""

import errno
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core import atomic, config
from core.config import TrainingSettings
from core.errors import UserError
from core.runs import history, lock, queue
from core.runs.process import Identity

ENDED = ("finished", "stopped", "failed", "died")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DIVERGED = "The loss is no longer a number"  # how the message of such a failure begins
NOT_STARTED = "Not started."
WITHOUT_A_WORD = "The training process ended without a word: killed, out of memory, or power loss."


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        state: `queued`, `running`, `finished`, `stopped`, `failed`, or `died` (its process is gone
            without having said why).
        message: what it is doing, or how it ended, in a sentence.
        stage, epoch, step: where it is; `epochs` and `steps` how many there may be.
        done: share of the work done, below 1 while it runs.
        seconds_left: estimate; None before there is one.
        images_per_second: of the last steps.
        peak_memory: bytes, once it has ended.
        notes: remarks worth keeping, such as that the disk was too small.
        stopping: somebody asked it to stop, and it has not ended yet.
        created: seconds since 1970.
        started, ended: of the last attempt, seconds since 1970; ended is None while it runs.
        earlier: seconds that earlier attempts took.
    """

    state: str
    message: str = ""
    stage: int = 0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    done: float = 0.0
    seconds_left: float | None = None
    images_per_second: float | None = None
    stopping: bool = False
    created: float = 0.0
    started: float = 0.0
    ended: float | None = None
    earlier: float = 0.0
    peak_memory: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def can_resume(self) -> bool:
        """Whether it ended before it was finished."""
        return self.state in ("stopped", "failed", "died")

    @property
    def seconds(self) -> float | None:
        """How long all attempts have taken; None before the first."""
        if not self.started:
            return None
        return self.earlier + (self.ended or time.time()) - self.started


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def lock_path(self) -> Path:
        return self.path / "lock"

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def events_path(self) -> Path:
        return self.path / "events"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def weights_path(self, stage: int) -> Path:
        """Where the best weights of a stage are kept."""
        return self.path / "weights" / self.stage(stage).file

    def reference_path(self, stage: int) -> Path:
        """Where the training films, as a stage sees them, are kept."""
        return self.path / "references" / f"{self.stage(stage).name}.npz"

    def settings(self) -> TrainingSettings:
        """What was asked for."""
        return TrainingSettings.from_json(self._json("settings.json")["training"])

    def stage(self, number: int) -> config.Stage:
        """The stage of that number, of the method or custom."""
        return self.settings().stage(number)

    def model_folder(self) -> Path:
        """Where finished stages publish their weights, and where earlier ones are looked for."""
        return Path(self._json("settings.json")["model_folder"])

    def publishes(self) -> bool:
        """Whether finished stages take the place of the models that answer; trials of sweeps do not."""
        return self._json("settings.json").get("publish", True)

    def facts(self) -> dict:
        """What the process found out before training: data set, images, versions."""
        return self._json("facts.json")

    def status(self) -> RunStatus:
        """Where the run stands now; the one place that tells."""
        status = self._look()
        # Between two of its looks a run that nobody queued may have started: look again.
        return self._look() if status.state == "died" else status

    def _look(self) -> RunStatus:
        # In this order: whoever starts a run takes its lock, writes its state, and takes it out of the
        # queue last; a run that ends writes how before its lock is free.
        waiting = queue.waiting(self.path.parent)
        alive = lock.is_held(self.lock_path)
        state = self._json("state.json")
        ended = state["state"] in ENDED
        if self.name in waiting and (ended or not alive):
            place = waiting.index(self.name) + 1
            sentence = f"Waiting for its turn: number {place} of {len(waiting)}."
            return RunStatus(**{**state, "state": "queued", "message": sentence})
        if ended:
            return RunStatus(**state)
        if alive:
            return RunStatus(**state, stopping=self.stop_requested())
        gone = {"state": "died", "message": WITHOUT_A_WORD, "ended": self._last_sign_of_life()}
        return RunStatus(**{**state, **gone})

    def _last_sign_of_life(self) -> float:
        return (self.path / "state.json").stat().st_mtime

    def write_state(self, **changes) -> None:
        """Replace parts of the state; for the run's own process alone."""
        state = self._json("state.json")
        atomic.write_json(self.path / "state.json", {**state, **changes})

    def add_remark(self, sentence: str) -> None:
        """Keep a sentence with the state for good, once; for the run's own process alone."""
        remarks = self.status().notes
        if sentence not in remarks:
            self.write_state(notes=[*remarks, sentence])

    def write_facts(self, facts: dict) -> None:
        """Keep what the process found out before training."""
        atomic.write_json(self.path / "facts.json", facts)

    def append_steps(self, rows: list[dict]) -> None:
        """Add steps to the history."""
        history.append(self.path / "steps.csv", history.STEPS, rows)

    def append_epoch(self, row: dict) -> None:
        """Add an epoch to the history."""
        history.append(self.path / "epochs.csv", history.EPOCHS, [row])

    def steps(self) -> pd.DataFrame:
        """History by step; no rows before the first."""
        return history.read(self.path / "steps.csv", history.STEPS)

    def epochs(self) -> pd.DataFrame:
        """History by epoch; no rows before the first."""
        return history.read(self.path / "epochs.csv", history.EPOCHS)

    def cut_history_back(self, stage: int, epochs: int, steps: int) -> None:
        """Drop what a stage wrote behind the state from which it resumes."""
        history.cut_back(self.path / "steps.csv", history.STEPS, stage, (epochs, steps))
        history.cut_back(self.path / "epochs.csv", history.EPOCHS, stage, (epochs, steps))

    def stages_left(self) -> list[int]:
        """Numbers of the stages that are still to be trained, in order."""
        done = self.evaluation()
        return [number for number in self.settings().stages if str(number) not in done]

    def write_evaluation(self, stage: int, evaluation: dict) -> None:
        """Keep a stage's metrics by split."""
        atomic.write_json(self.path / "evaluation.json", {**self.evaluation(), str(stage): evaluation})

    def evaluation(self) -> dict[str, dict]:
        """Metrics by stage number (as text) and split; {} before the first stage ends."""
        return self._json("evaluation.json")

    def write_predictions(self, stage: int, split: str, table: pd.DataFrame) -> None:
        """Keep what a stage's best weights say of each image of a split."""
        atomic.write_text(self._predictions_path(stage, split), table.to_csv(index=False))

    def predictions(self, stage: int, split: str) -> pd.DataFrame | None:
        """What was kept by `write_predictions`, or None."""
        path = self._predictions_path(stage, split)
        return pd.read_csv(path, keep_default_na=False) if path.exists() else None

    def write_baseline(self, view: str, split: str, table: pd.DataFrame) -> None:
        """Keep what can be told of a split's images without lungs, by a view such as `frame`."""
        atomic.write_text(self._baseline_path(view, split), table.to_csv(index=False))

    def baselines(self, split: str) -> dict[str, pd.DataFrame]:
        """What was kept by `write_baseline`, by view."""
        found = sorted((self.path / "predictions").glob(f"no_lungs_*-{split}.csv"))
        return {
            path.name.removeprefix("no_lungs_").removesuffix(f"-{split}.csv"): pd.read_csv(
                path, keep_default_na=False
            )
            for path in found
        }

    def write_second_look(self, stage: int, split: str, table: pd.DataFrame, hidden: np.ndarray) -> None:
        """Keep what a stage says of masked images of a split, and of each its last hidden layer."""
        with atomic.replacing(self._second_look_path(stage, split, ".npy")) as temporary:
            np.save(temporary, hidden)
        atomic.write_text(self._second_look_path(stage, split, ".csv"), table.to_csv(index=False))

    def second_look(self, stage: int, split: str) -> tuple[pd.DataFrame, np.ndarray] | None:
        """What was kept by `write_second_look`, or None."""
        path = self._second_look_path(stage, split, ".csv")
        if not path.exists():
            return None
        return pd.read_csv(path, keep_default_na=False), np.load(path.with_suffix(".npy"))

    def note(self) -> str:
        """What somebody wrote about the run."""
        path = self.path / "note.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def write_note(self, text: str) -> None:
        """Replace the note."""
        atomic.write_text(self.path / "note.txt", text)

    def stopped_early(self) -> frozenset[int]:
        """Finished stages that did not need all their epochs."""
        most, epochs = self.settings().epochs, self.epochs()
        finished = [int(stage) for stage in self.evaluation()]
        return frozenset(n for n in finished if 0 < len(epochs[epochs["stage"] == n]) < most)

    def best_epoch(self) -> dict | None:
        """The row of the history that the best weights of the last trained stage come from."""
        epochs = self.epochs()
        last = epochs[(epochs["stage"] == epochs["stage"].max()) & (epochs["best"] == 1)]
        return None if last.empty else last.iloc[-1].to_dict()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what the process printed."""
        try:
            with open(self.log_path, "rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - 20_000))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def request_stop(self) -> None:
        """Ask the process to end after the running step."""
        (self.path / "stop").touch()

    def stop_requested(self) -> bool:
        """Whether somebody asked."""
        return (self.path / "stop").exists()

    def seconds_since_stop_request(self) -> float | None:
        """How long ago somebody asked; None when nobody has."""
        try:
            return time.time() - (self.path / "stop").stat().st_mtime
        except FileNotFoundError:
            return None

    def begin_attempt(self) -> None:
        """Count the time of earlier attempts and say that a new one begins; for who starts the process."""
        (self.path / "stop").unlink(missing_ok=True)
        atomic.clear_unfinished(self.path)
        state = self._json("state.json")
        earlier = state.get("earlier", 0.0)
        if state.get("started"):
            earlier += (state.get("ended") or self._last_sign_of_life()) - state["started"]
        self.write_state(
            state="running", message="Starting", started=time.time(), ended=None, earlier=earlier
        )

    def write_process(self, identity: Identity) -> None:
        """Keep which process trains the run."""
        atomic.write_json(self.path / "process.json", vars(identity))

    def process(self) -> Identity | None:
        """The process that trains the run, or did."""
        content = self._json("process.json")
        return Identity(**content) if content else None

    def _age(self) -> float:
        state = self._json("state.json")
        return state.get("created") or state.get("started", 0.0)

    def _baseline_path(self, view: str, split: str) -> Path:
        return self.path / "predictions" / f"no_lungs_{view}-{split}.csv"

    def _second_look_path(self, stage: int, split: str, suffix: str) -> Path:
        return self.path / "predictions" / f"second_look_{self.stage(stage).name}-{split}{suffix}"

    def _predictions_path(self, stage: int, split: str) -> Path:
        return self.path / "predictions" / f"{self.stage(stage).name}-{split}.csv"

    def _json(self, name: str) -> dict:
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}


def create_run(
    settings: TrainingSettings,
    name: str | None = None,
    folder: Path | None = None,
    model_folder: Path | None = None,
    publish: bool = True,
) -> Run:
    """A new run's folder, holding its settings; nothing trains yet.

    Args:
        settings: what to train.
        name: letters, digits, `.`, `_` and `-`; None makes one from preset and time.
        folder: where runs are kept; None for the usual place.
        model_folder: where finished stages publish their weights; None for the usual place.
        publish: whether they do.

    Raises:
        UserError: the name is taken or not allowed, or the folder cannot be written.
    """
    folder = Path(folder or config.runs_folder()).expanduser().resolve()
    model_folder = Path(model_folder or config.model_folder()).expanduser().resolve()
    name = name or f"{settings.preset}-{time.strftime('%Y%m%d-%H%M%S')}"
    check_name(name)
    path = folder / name
    taken = f"There is a run {name} already in {folder}. Choose another name."
    if path.exists():
        raise UserError(taken)
    content = {"training": settings.to_json(), "model_folder": str(model_folder), "publish": publish}
    state = {"state": "stopped", "message": NOT_STARTED, "created": time.time()}
    try:
        with atomic.new_folder(path) as unfinished:
            atomic.write_json(unfinished / "settings.json", content)
            atomic.write_json(unfinished / "state.json", state)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # another process was faster
            raise UserError(taken) from None
        raise UserError(f"{path} cannot be made: {error.strerror}.") from error
    return Run(path)


def check_name(name: str) -> None:
    """Raise UserError for what cannot be the name of a run."""
    if not NAME.fullmatch(name):
        raise UserError(
            f"A run cannot be called {name!r}; use up to 64 letters, digits, dots, dashes and "
            "underscores, beginning with a letter or digit."
        )


def open_run(name: str, folder: Path | None = None) -> Run:
    """The run of that name: of the folder; without one, of the usual place or what comes with the project.

    Raises:
        UserError: there is none.
    """
    folders = [Path(folder)] if folder else [config.runs_folder(), config.shipped_folder()]
    for run in (Run(folder / name) for folder in folders):
        if NAME.fullmatch(name) and (run.path / "state.json").exists():
            return run
    raise UserError(f"There is no run {name!r} in {folders[0]}.")


def list_runs(folder: Path | None = None) -> list[Run]:
    """All runs, the newest first."""
    found = Path(folder or config.runs_folder()).glob("*/state.json")
    runs = [Run(path.parent) for path in found if NAME.fullmatch(path.parent.name)]
    return sorted(runs, key=lambda run: run._age(), reverse=True)
