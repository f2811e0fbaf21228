"""The training process: `python -m core.training RUN_FOLDER`. Everything it needs is in the folder."""

import errno
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from core.config import environment
from core.errors import UserError
from core.runs import ProcessIdentity, Run, jobs, lock
from core.sentence import Sentence
from core.training.progress import Stopped
from core.training.references import write_references
from core.training.resources import peak_memory

STEP_LEFT = 3  # exit code of a step that was not the last


def main(folder: str) -> int:
    """Train the run in `folder`; returns 0 if it finished or stopped, 1 if it failed, 2 if it is locked."""
    run = Run(Path(folder))
    if not _has_locks(run):
        print(f"{run.name} or another run is already training.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: run.request_stop())
    code = STEP_LEFT
    while code == STEP_LEFT:
        code = _reporting(run, _do_next_step_in_fork)
    if code < 0:  # end as the step did: the scheduler says by which signal
        os.kill(os.getpid(), -code)
    return code


def next_step(run: Run) -> int:
    """Train the next stage, or write the references after the last one.

    Returns:
        `STEP_LEFT`, 0 at the end of the run, or 1 if it failed; the run's state says how it ended.
    """
    return _reporting(run, _do_next_step)


def _reporting(run: Run, action: Callable[[Run], int]) -> int:
    """Exit code of an action; if it fails, the run's state says why, and the code is 1."""
    try:
        return action(run)
    except UserError as error:
        return _fail(run, str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _fail(run, Sentence("The disk is full. Free some space and resume; what was saved is intact."))
    except MemoryError:
        return _fail(run, Sentence("Out of memory. Lower the batch size."))
    except Exception as error:
        traceback.print_exc()
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        return _fail(
            run,
            Sentence(
                "{error}: {reason} (see the log for details).", error=type(error).__name__, reason=reason
            ),
        )


def _do_next_step_in_fork(run: Run) -> int:
    """Do the next step in a fork of this process; returns its exit code, or -N if signal N killed it.

    So each step begins with an empty memory, which TensorFlow would not release, and TensorFlow, which has
    no threads before its first operation, is imported once.
    """
    if run.stages_left():
        import core.training.stage  # noqa: F401  # lazily: the last step does not need Keras
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):  # OpenBLAS's threads may fork
        process = multiprocessing.get_context("fork").Process(target=_fork, args=(run,))
        process.start()
    process.join()
    return process.exitcode or 0


def _fork(run: Run) -> None:
    """What the fork does: the next step, or nothing more once the training process is gone."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    sys.exit(next_step(run))


def _exit_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _do_next_step(run: Run) -> int:
    try:
        if run.stages_left():
            from core.training.stage import train_next_stage

            train_next_stage(run)
            return STEP_LEFT
        write_references(run)
    except Stopped:
        _end(run, "stopped", Sentence("Stopped on request; everything up to the last step is saved."))
    else:
        _end(run, "finished", Sentence("Finished."), done=1.0)
    return 0


def _has_locks(run: Run) -> bool:
    """Whether this process has the run's locks: inherited, or acquired now."""
    if environment.LOCKED.value():
        return True
    turn = lock.acquire(jobs.training_lock(run.path.parent))
    run_lock = lock.acquire(run.lock_path) if turn is not None else None
    if turn is None or run_lock is None:
        return False
    run.write_process(ProcessIdentity.of(os.getpid()))  # before the run's state becomes `running`
    run.begin_attempt()
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
