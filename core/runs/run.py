"""A run's folder: settings, state, history and results, readable with a text editor.

settings.json          what was asked for
state.json             where it stands, replaced as it goes
steps.csv, epochs.csv  history, appended to
events/                the same history for TensorBoard
evaluation.json        metrics by stage and split
predictions/           model_01-test.csv, ...: path, label, patient, cause, probability
weights/               best weights of each stage
log.txt                what the process printed
lock                   held while the process lives
"""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core import atomic, config
from core.config import TrainingSettings
from core.errors import UserError
from core.runs import lock

STEP_COLUMNS = ("stage", "epoch", "step", "seconds", "loss", "accuracy", "images_per_second")
EPOCH_COLUMNS = (
    "stage",
    "epoch",
    "seconds",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "best",
)
ENDED = ("finished", "stopped", "failed")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        state: `running`, `finished`, `stopped`, `failed`, or `died` (its process is gone without
            having said why).
        message: what it is doing, or how it ended, in a sentence.
        stage, epoch, step: where it is; `epochs` and `steps` how many there may be.
        done: share of the work done, below 1 while it runs.
        seconds_left: estimate; None before there is one.
        images_per_second: of the last steps.
        peak_memory: bytes, once it has ended.
        notes: remarks worth keeping, such as that the disk was too small.
        started, ended: seconds since 1970; ended is None while it runs.
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
    started: float = 0.0
    ended: float | None = None
    peak_memory: int | None = None
    notes: list[str] = field(default_factory=list)


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

    def weights_path(self, stage: int) -> Path:
        """Where the best weights of a stage are kept."""
        return self.path / "weights" / config.STAGES[stage].file

    def settings(self) -> TrainingSettings:
        """What was asked for."""
        return TrainingSettings.from_json(self._json("settings.json")["training"])

    def model_folder(self) -> Path:
        """Where finished stages publish their weights."""
        return Path(self._json("settings.json")["model_folder"])

    def facts(self) -> dict:
        """What the process found out before training: data set, images, versions."""
        return self._json("facts.json")

    def status(self) -> RunStatus:
        """Where the run stands now."""
        alive = lock.is_held(self.lock_path)  # first: a run that ends meanwhile still says how
        status = RunStatus(**self._json("state.json"))
        if status.state in ENDED or alive:
            return status
        sentence = "The training process ended without a word: killed, out of memory, or power loss."
        return RunStatus(**{**status.__dict__, "state": "died", "message": sentence})

    def write_state(self, **changes) -> None:
        """Replace parts of the state; for the run's own process alone."""
        state = self._json("state.json")
        atomic.write_json(self.path / "state.json", {**state, **changes})

    def write_facts(self, facts: dict) -> None:
        """Keep what the process found out before training."""
        atomic.write_json(self.path / "facts.json", facts)

    def append_steps(self, rows: list[dict]) -> None:
        """Add steps to the history."""
        self._append("steps.csv", STEP_COLUMNS, rows)

    def append_epoch(self, row: dict) -> None:
        """Add an epoch to the history."""
        self._append("epochs.csv", EPOCH_COLUMNS, [row])

    def steps(self) -> pd.DataFrame:
        """History by step; no rows before the first."""
        return self._history("steps.csv", STEP_COLUMNS)

    def epochs(self) -> pd.DataFrame:
        """History by epoch; no rows before the first."""
        return self._history("epochs.csv", EPOCH_COLUMNS)

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

    def _predictions_path(self, stage: int, split: str) -> Path:
        return self.path / "predictions" / f"{config.STAGES[stage].name}-{split}.csv"

    def _json(self, name: str) -> dict:
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def _append(self, name: str, columns: tuple[str, ...], rows: list[dict]) -> None:
        path = self.path / name
        lines = [] if path.exists() else [",".join(columns)]
        lines += [",".join(_cell(row.get(column)) for column in columns) for row in rows]
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _history(self, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        try:
            return pd.read_csv(self.path / name, on_bad_lines="skip")
        except (FileNotFoundError, pd.errors.EmptyDataError):
            return pd.DataFrame(columns=list(columns))


def create_run(
    settings: TrainingSettings,
    name: str | None = None,
    folder: Path | None = None,
    model_folder: Path | None = None,
) -> Run:
    """A new run's folder, holding its settings; nothing trains yet.

    Args:
        settings: what to train.
        name: letters, digits, `.`, `_` and `-`; None makes one from preset and time.
        folder: where runs are kept; None for the usual place.
        model_folder: where finished stages publish their weights; None for the usual place.

    Raises:
        UserError: the name is taken or not allowed, or the folder cannot be written.
    """
    folder = Path(folder or config.runs_folder()).expanduser().resolve()
    model_folder = Path(model_folder or config.model_folder()).expanduser().resolve()
    name = name or f"{settings.preset}-{time.strftime('%Y%m%d-%H%M%S')}"
    if not NAME.fullmatch(name):
        raise UserError(
            f"A run cannot be called {name!r}; use up to 64 letters, digits, dots, dashes and "
            "underscores, beginning with a letter or digit."
        )
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.mkdir()
    except FileExistsError:
        raise UserError(f"There is a run {name} already in {folder}. Choose another name.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be made: {error.strerror}.") from error
    content = {"training": settings.to_json(), "model_folder": str(model_folder)}
    atomic.write_json(path / "settings.json", content)
    atomic.write_json(
        path / "state.json", {"state": "running", "message": "Starting", "started": time.time()}
    )
    return Run(path)


def open_run(name: str, folder: Path | None = None) -> Run:
    """The run of that name.

    Raises:
        UserError: there is none.
    """
    run = Run(Path(folder or config.runs_folder()) / name)
    if not NAME.fullmatch(name) or not (run.path / "state.json").exists():
        raise UserError(f"There is no run {name!r} in {run.path.parent}.")
    return run


def list_runs(folder: Path | None = None) -> list[Run]:
    """All runs, the newest first."""
    found = Path(folder or config.runs_folder()).glob("*/state.json")
    runs = [Run(path.parent) for path in found]
    return sorted(runs, key=lambda run: run._json("state.json").get("started", 0), reverse=True)


def _cell(value) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
