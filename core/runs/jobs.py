"""Starting a run in its own process, and asking it to stop.

The process inherits two locks, the run's and the one that lets one run train at a time: both are
held from before it starts until it ends, and nothing needs to be tidied after a crash. It leads a
session of its own and writes to a log file, so that neither the server's end nor a closed browser
touches it.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from core.errors import UserError
from core.runs import lock
from core.runs.run import Run, RunStatus, list_runs

LOCKED_BY_STARTER = "PNEUMONIA_STUDIO_RUN_LOCKED"
PROJECT = Path(__file__).resolve().parents[2]


def start(run: Run) -> None:
    """Train `run` in a process of its own; returns at once.

    Raises:
        UserError: another run is training.
    """
    turn = lock.acquire(training_lock(run.path.parent))
    if turn is None:
        name = next((other.name for other in list_runs(run.path.parent) if is_active(other)), "another run")
        raise UserError(f"{name} is training; one run trains at a time. Wait for it, or stop it.")
    own = lock.acquire(run.lock_path)
    try:
        with open(run.log_path, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training", str(run.path)],
                cwd=PROJECT,
                env={**os.environ, LOCKED_BY_STARTER: "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(turn, own),
            )
    finally:
        os.close(turn)
        os.close(own)
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie behind


def training_lock(folder: Path) -> Path:
    """The lock that one run of a folder of runs holds while it trains."""
    return folder / ".training.lock"


def is_active(run: Run) -> bool:
    """Whether the run's process lives."""
    return lock.is_held(run.lock_path)


def active_run(folder: Path | None = None) -> Run | None:
    """The run that is training, if one is."""
    return next((run for run in list_runs(folder) if is_active(run)), None)


def stop(run: Run) -> RunStatus:
    """Ask the run to end after the running step, its best weights kept."""
    run.request_stop()
    return run.status()
