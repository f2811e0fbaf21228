"""The scheduler: `python -m core.runs.scheduler FOLDER`. It trains the runs of a folder one at a time.

It takes the first of the queue, starts its process, ends that process when it was asked to stop and
did not, and goes on with the next whatever became of the last. It ends when nothing waits or trains.
If it is killed, the run that trains goes on, and the next scheduler watches over that run.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.runs import lock, queue
from core.runs.jobs import PROJECT, active_run, scheduler_lock, training_lock
from core.runs.process import Identity
from core.runs.run import Run

GRACE_S = 20.0  # after a request to stop
SECONDS_BETWEEN_LOOKS = 0.2
FASTER = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # a tenth of a step is page faults otherwise
    "TF_ENABLE_ONEDNN_OPTS": "1",  # TensorFlow asks for it by itself on newer processors alone
}


def main(folder: Path) -> None:
    """Train what waits until nothing does; returns at once where a scheduler is at work already."""
    held = lock.acquire(scheduler_lock(folder))
    if held is None:
        return
    while True:
        turn = lock.acquire(training_lock(folder))
        if turn is None:  # started by a scheduler that is gone
            run = active_run(folder)
            if run is not None:
                end_if_overdue(run)
            time.sleep(SECONDS_BETWEEN_LOOKS)
            continue
        with queue.changing(folder) as names:
            if not names:
                os.close(held)  # inside: who adds a run after this look finds no scheduler and starts one
                return
        train_first(folder, turn)


def train_first(folder: Path, turn: int) -> None:
    """Train the run at the head of the queue in a process of its own, and wait for its end."""
    process = None
    with queue.changing(folder) as names:
        run = Run(folder / names[0])
        own = lock.acquire(run.lock_path) if (run.path / "state.json").exists() else None
        if own is not None:
            process = start_process(run, (turn, own))
            os.close(own)
        names.pop(0)  # after the lock is taken: at no moment does the run look neither queued nor running
    os.close(turn)
    if process is None:
        return
    while process.poll() is None:
        end_if_overdue(run)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if run.status().state == "died":
        run.write_state(state="died", message=obituary(process.returncode), ended=time.time())


def start_process(
    run: Run, locks: tuple[int, ...], environment: dict[str, str] | None = None
) -> subprocess.Popen | None:
    """The training process. It inherits the locks, which are free again when it ends, however it ends.

    Args:
        run: locked by one of `locks`.
        environment: variables besides our own.
    """
    run.begin_attempt()
    try:
        with open(run.log_path, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training", str(run.path)],
                cwd=PROJECT,
                env={**FASTER, **os.environ, **(environment or {}), lock.INHERITED: "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=locks,
            )
    except OSError as error:
        sentence = f"The training process could not be started: {error.strerror}."
        run.write_state(state="failed", message=sentence, ended=time.time())
        return None
    run.write_process(Identity.of(process.pid))
    return process


def end_if_overdue(run: Run) -> None:
    """Kill the process of a run that was asked to stop and did not end in time, with its children."""
    asked = run.seconds_since_stop_request()
    identity = run.process()
    if asked is None or asked < GRACE_S or identity is None or not identity.kill():
        return
    sentence = (
        f"Stopped. The running step did not end within {GRACE_S:.0f} s, so its process was ended; "
        "everything up to the last finished epoch is kept."
    )
    run.write_state(state="stopped", message=sentence, ended=time.time(), seconds_left=None)


def obituary(code: int) -> str:
    """How a process ended that did not say so itself."""
    if code >= 0:
        return f"The training process ended with code {code} without a word; the log may say more."
    name = signal.Signals(-code).name
    return f"The training process was killed ({name}): out of memory, or ended from outside."


if __name__ == "__main__":
    main(Path(sys.argv[1]))
