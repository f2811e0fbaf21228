"""A run's folder: settings, state, history and results, readable with a text editor.

settings.json          the training settings
state.json             state and progress, replaced as the run goes on
facts.json             data set, images and versions the run found before training
steps.csv, epochs.csv  history, append-only
followed.csv           probabilities of a few validation images by epoch, see `core.runs.followed`
events/                the same history for TensorBoard
evaluation.json        metrics by stage and split
predictions/           predictions by stage and split, see `core.runs.results`
weights/               best weights of each stage
references/            what the checks of diagnosis know of the training images, by stage
checkpoints/           what the stage in training needs to resume after the last finished epoch
note.txt               the user's note
log.txt                output of the training process
process.json           which process trains the run
lock                   held while the process lives
stop                   present when a stop was requested
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import atomic
from core.config import Stage, TrainingSettings
from core.roles import Role, takes
from core.runs import history
from core.runs.followed import FOLLOWED_COLUMNS
from core.runs.json_file import read_json, read_run_file
from core.runs.process import ProcessIdentity
from core.runs.results import Results
from core.runs.status import RunStatus, last_sign_of_life, read_status
from core.sentence import Sentence

if TYPE_CHECKING:
    import pandas as pd

TENSORFLOW_NOTE = re.compile(
    r"WARNING: All log messages before absl|[IW]\d{4} [\d:.]+ +\d+ \S+\]"
    r"|E\d{4} .* failed call to cuInit: .*\(303\)"  # which says that the computer has no driver of a GPU
)


@dataclass(frozen=True)
class Run:
    """A run, by the path of its folder.

    What reads its settings or its state raises UserError once the run is deleted.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def lock_path(self) -> Path:
        """The lock that the training process holds."""
        return self.path / "lock"

    @property
    def log_path(self) -> Path:
        """Output of the training process."""
        return self.path / "log.txt"

    @property
    def events_path(self) -> Path:
        """Folder of the TensorBoard events."""
        return self.path / "events"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def results(self) -> Results:
        """Metrics, predictions, baselines and occlusion tests."""
        return Results(self.path, self.stage)

    def weights_path(self, stage: int) -> Path:
        """Path of a stage's best weights."""
        return self.stage(stage).path_in(self.path / "weights")

    def reference_path(self, stage: int) -> Path:
        """Path of the reference of the training images for a stage."""
        return self.path / "references" / f"{self.stage(stage).name}.npz"

    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return (self.path / "state.json").exists()

    def settings(self) -> TrainingSettings:
        """The training settings."""
        return TrainingSettings.from_json(read_run_file(self.path / "settings.json")["training"])

    def stage(self, number: int) -> Stage:
        """A stage by its number, of the method or custom."""
        return self.settings().stage(number)

    def model_folder(self) -> Path:
        """Folder to which finished stages publish their weights, and from which earlier stages are loaded."""
        return Path(read_run_file(self.path / "settings.json")["model_folder"])

    def publishes(self) -> bool:
        """Whether finished stages replace the published models; trials of sweeps do not."""
        return read_run_file(self.path / "settings.json").get("publish", True)

    def facts(self) -> dict:
        """Data set, images and versions, as the process found them before training."""
        return read_json(self.path / "facts.json")

    def write_facts(self, facts: dict) -> None:
        """Save what the process found before training."""
        atomic.write_json(self.path / "facts.json", facts)

    def status(self) -> RunStatus:
        """Current state and progress."""
        return read_status(self.path)

    def created(self) -> float:
        """When the run was created, seconds since 1970."""
        state = read_json(self.path / "state.json")
        return state.get("created") or state.get("started", 0.0)

    def write_state(self, **changes: object) -> None:
        """Replace parts of the state; only for the run's own process."""
        state = read_run_file(self.path / "state.json")
        atomic.write_json(self.path / "state.json", {**state, **changes})

    def add_status_note(self, sentence: str) -> None:
        """Add a permanent note to the status, once; only for the run's own process."""
        notes = self.status().notes
        if sentence not in notes:
            self.write_state(notes=[*notes, sentence])

    def begin_attempt(self) -> None:
        """Reset the state before a new attempt starts, and add up the time of earlier ones."""
        (self.path / "stop").unlink(missing_ok=True)
        atomic.clear_unfinished(self.path)
        state = read_run_file(self.path / "state.json")
        earlier = state.get("earlier", 0.0)
        if state.get("started"):
            earlier += (state.get("ended") or last_sign_of_life(self.path)) - state["started"]
        self.write_state(
            state="running", message=Sentence("Starting"), started=time.time(), ended=None, earlier=earlier
        )

    def append_steps(self, rows: list[dict]) -> None:
        """Append steps to the history."""
        history.append(self.path / "steps.csv", history.STEP_COLUMNS, rows)

    def append_epoch(self, row: dict) -> None:
        """Append an epoch to the history, with the probabilities of the followed images."""
        history.append(self.path / "epochs.csv", history.EPOCH_COLUMNS, [row])
        history.append(self.path / "followed.csv", FOLLOWED_COLUMNS, [row])

    def steps(self) -> pd.DataFrame:
        """History by step; no rows before the first."""
        return history.read(self.path / "steps.csv", history.STEP_COLUMNS)

    def epochs(self) -> pd.DataFrame:
        """History by epoch; no rows before the first."""
        return history.read(self.path / "epochs.csv", history.EPOCH_COLUMNS)

    def followed(self) -> pd.DataFrame:
        """Probabilities of the followed images by epoch; facts name the images, in the same order."""
        return history.read(self.path / "followed.csv", FOLLOWED_COLUMNS)

    def truncate_history(self, stage: int, epochs: int, steps: int) -> None:
        """Drop what a stage wrote after the checkpoint it resumes from."""
        history.truncate(self.path / "steps.csv", history.STEP_COLUMNS, stage, (epochs, steps))
        history.truncate(self.path / "epochs.csv", history.EPOCH_COLUMNS, stage, (epochs, steps))
        history.truncate(self.path / "followed.csv", FOLLOWED_COLUMNS, stage, (epochs, steps))

    def stages_left(self) -> list[int]:
        """Numbers of the stages still to be trained, in order."""
        evaluation = self.results.evaluation()
        return [number for number in self.settings().stages if str(number) not in evaluation]

    def stopped_early(self) -> frozenset[int]:
        """Finished stages that ended before their last epoch."""
        max_epochs, epochs = self.settings().epochs, self.epochs()
        finished = [int(stage) for stage in self.results.evaluation()]
        return frozenset(n for n in finished if 0 < len(epochs[epochs["stage"] == n]) < max_epochs)

    def best_epoch(self) -> dict | None:
        """Row of the history for the best weights of the last trained stage."""
        epochs = self.epochs()
        best = epochs[(epochs["stage"] == epochs["stage"].max()) & (epochs["best"] == 1)]
        return None if best.empty else best.iloc[-1].to_dict()

    def note(self) -> str:
        """The user's note."""
        path = self.path / "note.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @takes(Role.TRAINER)
    def write_note(self, text: str) -> None:
        """Replace the note."""
        atomic.write_text(self.path / "note.txt", text)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log, without what TensorFlow notes on the processor and missing GPUs."""
        try:
            with open(self.log_path, "rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - 20_000))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        told = [line for line in text.splitlines() if not TENSORFLOW_NOTE.match(line)]
        return "\n".join(told[-lines:])

    def request_stop(self) -> None:
        """Ask the process to stop after the current step."""
        (self.path / "stop").touch()

    def stop_requested(self) -> bool:
        """Whether a stop was requested."""
        return (self.path / "stop").exists()

    def seconds_since_stop_request(self) -> float | None:
        """Seconds since a stop was requested; None if none was."""
        try:
            return time.time() - (self.path / "stop").stat().st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write_process(self, identity: ProcessIdentity) -> None:
        """Save which process trains the run."""
        atomic.write_json(self.path / "process.json", vars(identity))

    def process(self) -> ProcessIdentity | None:
        """The process that trains the run, or last did."""
        content = read_json(self.path / "process.json")
        return ProcessIdentity(**content) if content else None
