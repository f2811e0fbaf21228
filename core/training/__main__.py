"""The training process: `python -m core.training RUN_FOLDER`. Everything it needs stands in the folder."""

import errno
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from core.errors import UserError
from core.runs import Run, jobs, lock
from core.runs.process import Identity
from core.training.ending import end, keep_references
from core.training.progress import Stopped


def main(folder: str) -> int:
    """Train the run in `folder`; 0 when it finished or was stopped, 1 when it failed."""
    run = Run(Path(folder))
    if not _is_locked(run):
        print(f"{run.name} or another run is training already.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: run.request_stop())
    try:
        more = _next(run)
    except UserError as error:
        return _failed(run, str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _failed(run, "The disk is full. Free some space and resume; what was saved is as it was.")
    except MemoryError:
        return _failed(run, "There was not enough memory. Lower the batch size.")
    except Exception as error:
        traceback.print_exc()
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        return _failed(run, f"{type(error).__name__}: {reason} (the log has the details).")
    if more:  # in the same process, with the same locks and an empty memory
        os.execv(sys.executable, [sys.executable, "-m", "core.training", folder])
    return 0


def _next(run: Run) -> bool:
    """Train the next stage, or do what comes after the last; whether something is left to do."""
    try:
        if run.stages_left():
            # Imported here: it brings Keras, and the last step does without.
            from core.training.staged import train_next_stage

            train_next_stage(run)
            return True
        keep_references(run)
    except Stopped:
        end(run, "stopped", "Stopped on request; everything up to the last step is kept.")
    else:
        end(run, "finished", "Finished.", done=1.0)
    return False


def _is_locked(run: Run) -> bool:
    """Whether the run is ours: locked by who started us, by us before the last stage, or now."""
    if lock.INHERITED in os.environ:
        return True
    turn = lock.acquire(jobs.training_lock(run.path.parent))
    own = lock.acquire(run.lock_path) if turn is not None else None
    if own is None:
        return False
    for descriptor in (turn, own):
        os.set_inheritable(descriptor, True)
    run.write_process(Identity.of(os.getpid()))  # before anybody can see the run train
    run.begin_attempt()
    os.environ[lock.INHERITED] = "1"
    return True


def _failed(run: Run, sentence: str) -> int:
    print(sentence, file=sys.stderr, flush=True)
    run.write_state(state="failed", message=sentence, ended=time.time(), seconds_left=None)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
