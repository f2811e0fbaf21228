"""The training process: `python -m core.training RUN_FOLDER`. Everything it needs is in the folder."""

import errno
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from core.config import environment
from core.errors import UserError
from core.runs import ProcessIdentity, Run, jobs, lock
from core.training.progress import Stopped
from core.training.references import write_references
from core.training.resources import peak_memory


def main(folder: str) -> int:
    """Train the run in `folder`; returns 0 if it finished or stopped, 1 if it failed, 2 if it is locked."""
    run = Run(Path(folder))
    if not _has_locks(run):
        print(f"{run.name} or another run is already training.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: run.request_stop())
    try:
        is_unfinished = _do_next_step(run)
    except UserError as error:
        return _fail(run, str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _fail(run, "The disk is full. Free some space and resume; what was saved is intact.")
    except MemoryError:
        return _fail(run, "Out of memory. Lower the batch size.")
    except Exception as error:
        traceback.print_exc()
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        return _fail(run, f"{type(error).__name__}: {reason} (see the log for details).")
    if is_unfinished:  # go on in the same process, with the same locks and an empty memory
        os.execv(sys.executable, [sys.executable, "-m", "core.training", folder])
    return 0


def _do_next_step(run: Run) -> bool:
    """Train the next stage, or write the references after the last one; returns whether a step is left."""
    try:
        if run.stages_left():
            # Imported lazily: it imports Keras, and the last step does not need it.
            from core.training.stage import train_next_stage

            train_next_stage(run)
            return True
        write_references(run)
    except Stopped:
        _end(run, "stopped", "Stopped on request; everything up to the last step is saved.")
    else:
        _end(run, "finished", "Finished.", done=1.0)
    return False


def _has_locks(run: Run) -> bool:
    """Whether this process has the run's locks: inherited, kept from the stage before, or acquired now."""
    if environment.LOCKED.value():
        return True
    turn = lock.acquire(jobs.training_lock(run.path.parent))
    run_lock = lock.acquire(run.lock_path) if turn is not None else None
    if turn is None or run_lock is None:
        return False
    for descriptor in (turn, run_lock):
        os.set_inheritable(descriptor, True)
    run.write_process(ProcessIdentity.of(os.getpid()))  # before the run's state becomes `running`
    run.begin_attempt()
    environment.set_for_children(environment.LOCKED)
    return True


def _end(run: Run, state: str, exit_reason: str, **more: object) -> None:
    """Write how the run ended, and when."""
    run.write_state(
        state=state,
        message=exit_reason,
        ended=time.time(),
        seconds_left=None,
        images_per_second=None,
        peak_memory=peak_memory(run),
        **more,
    )


def _fail(run: Run, exit_reason: str) -> int:
    """Write that the run failed, and why; returns the exit code."""
    print(exit_reason, file=sys.stderr, flush=True)
    run.write_state(state="failed", message=exit_reason, ended=time.time(), seconds_left=None)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
