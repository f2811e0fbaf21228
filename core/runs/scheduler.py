"""The scheduler: a process of its own, which trains the queued runs of a folder one at a time.

It is started by `core.runs.jobs` and inherits the scheduler's lock. It takes the first run of the queue,
starts its process, kills that process if it does not stop when asked to, and goes on with the next run
however the last one ended. It exits when no run is queued or training. If it is killed, the training run goes
on, and the next scheduler takes over.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from core.errors import UserError
from core.runs import lock, queue
from core.runs.folder import Run
from core.runs.jobs import LOCK_PATIENCE_S, active_run, is_active, training_lock
from core.runs.training_process import exit_reason, kill_if_overdue, start_process

POLL_S = 0.2


def main(folder: Path, own_lock: int) -> None:
    """Train queued runs until none is left; `own_lock` is the descriptor of the scheduler's lock."""
    while True:
        turn = lock.acquire(training_lock(folder))
        if turn is None:  # a run that an earlier scheduler started is still training
            run = active_run(folder)
            if run is not None:
                kill_if_overdue(run)
            time.sleep(POLL_S)
            continue
        with queue.locked(folder) as queued:
            if not queued:
                # Released while the queue is locked: a run added after this check starts a new scheduler.
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
    if process is None:
        return
    while process.poll() is None or is_active(run):  # its fork ends a moment later
        kill_if_overdue(run)
        time.sleep(POLL_S)
    with suppress(UserError):  # deleted as soon as it had ended
        if run.status().state == "died":
            run.write_state(state="died", message=exit_reason(process.wait()), ended=time.time())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
