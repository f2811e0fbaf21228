"""Starting a run, asking it to stop, letting it go on: what the page and the terminal ask for.

Every start goes through the queue, and one scheduler per folder of runs (`core.runs.scheduler`, a
process of its own) gives each run its turn. Neither the server's end nor a closed browser touches
the scheduler or a run.
"""

import subprocess
import sys
import threading
from pathlib import Path

from core import config
from core.errors import UserError
from core.runs import lock, queue
from core.runs.run import Run, RunStatus, list_runs

PROJECT = Path(__file__).resolve().parents[2]


def start(run: Run) -> None:
    """Let `run` train when its turn comes, from its start or from where it stopped; returns at once.

    Raises:
        UserError: it trains or is finished already.
    """
    status = run.status()
    if status.state == "queued":
        return
    if not status.can_resume:
        raise UserError(f"{run.name} is {status.state}; only a run that ended early can go on.")
    queue.add(run.path.parent, run.name)
    keep_going(run.path.parent)


def stop(run: Run) -> RunStatus:
    """Ask a run to end after the running step, its state and best weights kept; or take it out of the queue.

    Returns at once; the scheduler ends what has not ended by itself after `scheduler.GRACE_S`.
    """
    if not queue.remove(run.path.parent, run.name) and is_active(run):
        run.request_stop()
        keep_going(run.path.parent)
    return run.status()


def keep_going(folder: Path | None = None) -> None:
    """See to it that the scheduler lives while runs wait or train; whoever looks at runs calls this."""
    folder = runs_folder(folder)
    if lock.is_held(scheduler_lock(folder)):
        return
    if not queue.waiting(folder) and not lock.is_held(training_lock(folder)):
        return
    with open(folder / "scheduler.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.runs.scheduler", str(folder)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie behind


def runs_folder(folder: Path | None = None) -> Path:
    """`folder`, or the usual place of runs."""
    return Path(folder or config.runs_folder()).expanduser().resolve()


def training_lock(folder: Path) -> Path:
    """The lock that one run of a folder of runs holds while it trains."""
    return folder / ".training.lock"


def scheduler_lock(folder: Path) -> Path:
    """The lock that the scheduler of a folder of runs holds."""
    return folder / ".scheduler.lock"


def is_active(run: Run) -> bool:
    """Whether the run's process lives."""
    return lock.is_held(run.lock_path)


def active_run(folder: Path | None = None) -> Run | None:
    """The run that is training, if one is."""
    return next((run for run in list_runs(folder) if is_active(run)), None)
