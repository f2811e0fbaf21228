"""Starting, stopping and resuming runs, for the page and the terminal.

Every start goes through the queue, and one scheduler per folder of runs (`core.runs.scheduler`, a process
of its own) trains the queued runs one after another. Stopping the server or closing the browser affects
neither the scheduler nor a run.
"""

import os
import threading
from pathlib import Path

from core import config
from core.config import environment
from core.disk import explaining
from core.errors import UserError
from core.roles import Role, takes
from core.runs import detached, lock, queue
from core.runs.create import list_runs
from core.runs.folder import Run
from core.runs.status import UNKNOWN_EXIT, RunStatus
from core.sentence import Sentence

LOCK_PATIENCE_S = 5.0  # for whoever holds a lock only for a moment: to rename a run, or before it exits


@takes(Role.TRAINER)
def start(run: Run) -> None:
    """Queue `run`, to train from its start or from where it stopped; returns at once.

    Raises:
        UserError: it is training or finished already, or the webhook's address is none.
    """
    environment.WEBHOOK.value()  # now, not when the run has ended
    status = run.status()
    if status.state == "queued":
        return
    if not status.can_resume:
        raise UserError(
            Sentence(
                "{name} is {state}; only a run that ended early can be resumed.",
                name=run.name,
                state=status.state,
            )
        )
    queue.add(run.path.parent, run.name)
    ensure_scheduler(run.path.parent)


@takes(Role.TRAINER)
def stop(run: Run) -> RunStatus:
    """Ask a run to stop after the current step and save its state; or remove it from the queue.

    Returns at once; the scheduler kills a process that has not ended after `training_process.GRACE_S`.
    """
    if not queue.remove(run.path.parent, run.name) and is_active(run):
        run.request_stop()
        ensure_scheduler(run.path.parent)
    return run.status()


def ensure_scheduler(folder: Path | None = None) -> None:
    """Start the scheduler if there is work and none is alive; call it whenever runs are shown."""
    folder = runs_folder(folder)
    if lock.is_held(scheduler_lock(folder)):
        return
    if is_idle(folder) and not untold_run(folder).exists():
        return
    # The scheduler inherits its lock, so that nobody starts a second one while it comes up.
    scheduler = lock.acquire(scheduler_lock(folder), LOCK_PATIENCE_S)
    if scheduler is None:
        return
    try:
        log = folder / "scheduler.log"
        with explaining(log):
            process = detached.start(
                "core.runs.scheduler",
                *(str(folder), str(scheduler)),
                log=log,
                locks=(scheduler,),
                environment=os.environ,
            )
    finally:
        os.close(scheduler)
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie behind


def is_idle(folder: Path | None = None) -> bool:
    """Whether no run is training or waiting for its turn."""
    folder = runs_folder(folder)
    return not queue.names(folder) and not lock.is_held(training_lock(folder))


def runs_folder(folder: Path | None = None) -> Path:
    """`folder`, or the default folder of runs."""
    return Path(folder or config.runs_folder()).expanduser().resolve()


def training_lock(folder: Path) -> Path:
    """The lock that the training run of a folder holds."""
    return folder / ".training.lock"


def scheduler_lock(folder: Path) -> Path:
    """The lock that the scheduler of a folder holds."""
    return folder / ".scheduler.lock"


def untold_run(folder: Path) -> Path:
    """The file with the name of the run of whose end the scheduler has yet to tell the webhook."""
    return folder / ".untold"


def is_active(run: Run) -> bool:
    """Whether the run's process is alive."""
    return lock.is_held(run.lock_path)


def may_change(run: Run) -> bool:
    """Whether the run's status can still change without anybody's doing.

    True while it is queued or training, and in the moment after its process died in which the scheduler has
    yet to write the exit reason.
    """
    status = run.status()
    unexplained = status.state == "died" and status.message == UNKNOWN_EXIT
    return status.state in ("queued", "running") or (
        unexplained and lock.is_held(scheduler_lock(run.path.parent))
    )


def active_run(folder: Path | None = None) -> Run | None:
    """The run that is training, or None."""
    return next((run for run in list_runs(folder) if is_active(run)), None)
