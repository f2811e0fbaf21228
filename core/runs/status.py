"""Status of a run: its state, its progress and how it ended."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from core.runs import lock, queue
from core.runs.json_file import read_run_file
from core.sentence import Sentence

ENDED = ("finished", "stopped", "failed", "died")
NOT_STARTED = Sentence("Not started.")
UNKNOWN_EXIT = Sentence(
    "The training process ended without an exit reason: killed, out of memory, or power loss."
)


@dataclass(frozen=True)
class RunStatus:
    """State and progress of a run.

    Attributes:
        state: `queued`, `running`, `finished`, `stopped`, `failed`, or `died` (the process ended without
            writing an exit reason).
        message: what the run is doing, or its exit reason, as a sentence.
        stage, epoch, step: current position; `epochs` and `steps` are their maximum.
        done: fraction of the work done, below 1 while it runs.
        seconds_left: estimate; None before there is one.
        images_per_second: over the last steps.
        peak_memory: bytes, once the run has ended.
        notes: permanent notes, such as that the disk was too small for cached activations.
        stopping: a stop was requested and the process is still alive.
        created: seconds since 1970.
        started, ended: of the last attempt, seconds since 1970; ended is None while it runs.
        earlier: total seconds of earlier attempts.
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
        """Whether the run ended before it was finished."""
        return self.state in ("stopped", "failed", "died")

    @property
    def seconds(self) -> float | None:
        """Total duration of all attempts; None before the first."""
        if not self.started:
            return None
        return self.earlier + (self.ended or time.time()) - self.started


def read_status(folder: Path) -> RunStatus:
    """Current status of the run in `folder`, from its lock, its state file and the queue.

    Raises:
        UserError: the run was deleted.
    """
    status = _read_once(folder)
    # A run that was started without the queue may have begun between two of the reads: read again.
    return _read_once(folder) if status.state == "died" else status


def last_sign_of_life(folder: Path) -> float:
    """When the run last wrote its state, seconds since 1970."""
    return (folder / "state.json").stat().st_mtime


def _read_once(folder: Path) -> RunStatus:
    # The order matters. A starting run takes its lock, then writes its state, then leaves the queue;
    # an ending run writes its exit reason before its lock is released.
    queued = queue.names(folder.parent)
    alive = lock.is_held(folder / "lock")
    state = read_run_file(folder / "state.json")
    ended = state["state"] in ENDED
    if folder.name in queued and (ended or not alive):
        message = Sentence(
            "Queued: position {position} of {total}.",
            position=queued.index(folder.name) + 1,
            total=len(queued),
        )
        return RunStatus(**{**state, "state": "queued", "message": message})
    if ended:
        return RunStatus(**state)
    if alive:
        return RunStatus(**state, stopping=(folder / "stop").exists())
    exit_state = {"state": "died", "message": UNKNOWN_EXIT, "ended": last_sign_of_life(folder)}
    return RunStatus(**{**state, **exit_state})
