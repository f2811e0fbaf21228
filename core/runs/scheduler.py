"""The scheduler: a process of its own, which trains the queued runs of a folder one at a time.

It is started by `core.runs.jobs` and inherits the scheduler's lock. It takes the first run of the queue,
starts its process, kills that process if it does not stop when asked to, tells the webhook when it has ended,
and goes on with the next run however the last one ended. It exits when no run is queued or training. If it is
killed, the training run goes on, and the next scheduler takes over, also where the run has ended meanwhile.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from core import atomic
from core.errors import UserError
from core.runs import detached, lock, queue
from core.runs.folder import Run
from core.runs.jobs import LOCK_PATIENCE_S, active_run, is_active, training_lock, untold_run
from core.runs.training_process import exit_reason, kill_if_overdue, start_process
from core.runs.webhook import tell_webhook

POLL_S = 0.2


def main(folder: Path, own_lock: int) -> None:
    """Train queued runs until none is left; `own_lock` is the descriptor of the scheduler's lock."""
    earlier = _untold(folder)
    while True:
        turn = lock.acquire(training_lock(folder))
        if turn is None:  # a run that an earlier scheduler started is still training
            run = active_run(folder)
            if run is not None:
                kill_if_overdue(run)
            earlier = run or earlier
            time.sleep(POLL_S)
            continue
        if earlier is not None:
            _tell(earlier)
            earlier = None
        with queue.locked(folder) as queued:
            if not queued:
                # Released while the queue is locked: a run added after this check starts a new scheduler.
                os.close(turn)
                os.close(own_lock)
                return
        train_next(folder, turn)


def train_next(folder: Path, turn: int) -> None:
    """Train the first run of the queue in a process of its own, and wait for its end."""
    process = None
    with queue.locked(folder) as queued:
        run = Run(folder / queued[0])
        run_lock = lock.acquire(run.lock_path, LOCK_PATIENCE_S) if run.exists() else None
        if run_lock is not None:
            process = start_process(run, (turn, run_lock))
            os.close(run_lock)
        queued.pop(0)  # after the lock is taken, so that the run is always either queued or running
    os.close(turn)
    if process is not None:
        with suppress(OSError, UserError):  # a full disk stops nothing
            atomic.write_text(untold_run(folder), run.name)
        _wait(run, process)
    if run_lock is not None:
        _tell(run)


def _wait(run: Run, process: detached.Process) -> None:
    """Wait for the end of a run, and write why it ended if it did not say so itself."""
    while process.poll() is None or is_active(run):  # its fork ends a moment later
        kill_if_overdue(run)
        time.sleep(POLL_S)
    with suppress(UserError):  # deleted as soon as it had ended
        if run.status().state == "died":
            run.write_state(state="died", message=exit_reason(process.wait()), ended=time.time())


def _untold(folder: Path) -> Run | None:
    """The run that an earlier scheduler trained, if that scheduler did not live to tell of its end."""
    try:
        return Run(folder / untold_run(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _tell(run: Run) -> None:
    """Tell the webhook that a run has ended, unless it was deleted at once."""
    with suppress(UserError):
        tell_webhook(run)
    with suppress(OSError):
        untold_run(run.path.parent).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
