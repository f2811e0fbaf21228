"""The training process of a run: starting it, killing it, and why it ended."""

import signal
import time

from core.config import environment as variables
from core.config import processor
from core.runs import cached_activations, detached
from core.runs.folder import Run
from core.runs.process import ProcessIdentity
from core.sentence import Sentence

GRACE_S = 20.0  # between a request to stop and the kill
TRAINING_ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # page faults take a tenth of a step otherwise
    "TF_ENABLE_ONEDNN_OPTS": "1",  # TensorFlow's default only on newer processors
    "TF_CPP_MIN_LOG_LEVEL": "2",  # TensorFlow's errors, not its notes and warnings
}


def start_process(
    run: Run, locks: tuple[int, ...], environment: dict[str, str] | None = None
) -> detached.Process | None:
    """Start the training process. It inherits the locks, which are released when it ends, however it ends.

    Args:
        run: locked by one of `locks`.
        locks: file descriptors.
        environment: variables besides this process's own.

    Returns:
        The process, or None if it could not be started; the run's state says why.
    """
    limit = processor.training_threads(processor.cores()) if processor.is_limited() else {}
    run.begin_attempt()
    cached_activations.clear_unfinished()
    try:
        process = detached.start(
            "core.training",
            str(run.path),
            log=run.log_path,
            locks=locks,
            environment=variables.child_environment(
                {**TRAINING_ENVIRONMENT, **limit}, environment or {}, {variables.LOCKED.name: "1"}
            ),
        )
    except OSError as error:
        message = Sentence("The training process could not be started: {reason}.", reason=error.strerror)
        run.write_state(state="failed", message=message, ended=time.time())
        return None
    run.write_process(ProcessIdentity.of(process.pid))
    return process


def kill_if_overdue(run: Run) -> None:
    """Kill the process of a run, with its children, if it did not stop in time when asked to."""
    waited = run.seconds_since_stop_request()
    identity = run.process()
    if waited is None or waited < GRACE_S or identity is None or not identity.kill():
        return
    message = Sentence(
        "Stopped. The current step did not end within {seconds:.0f} s, so the process was killed; "
        "everything up to the last finished epoch is saved.",
        seconds=GRACE_S,
    )
    run.write_state(state="stopped", message=message, ended=time.time(), seconds_left=None)


def exit_reason(code: int) -> str:
    """Why a process ended that did not report it, from its exit code."""
    if code >= 0:
        return Sentence(
            "The training process exited with code {code} without reporting a reason; see the log.", code=code
        )
    name = signal.Signals(-code).name
    return Sentence(
        "The training process was killed ({name}): out of memory, or terminated from outside.", name=name
    )
