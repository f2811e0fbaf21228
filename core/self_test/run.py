"""The self-test: every check in its order."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import core
from core.errors import UserError, sentence_of
from core.registry import NoGoldenImages, active_model
from core.runs import lock
from core.self_test import computer
from core.self_test.result import (
    FAILED,
    NO_FIGURE,
    NOT_CHECKED,
    CheckResult,
    Finding,
    SelfTest,
    lock_path,
    save_result,
)
from core.sentence import Sentence

Check = Callable[[], Finding | None]


def checks() -> tuple[tuple[str, Check], ...]:
    """Name and function of each check, in order: the first decides which model the later ones meet."""
    # Imported here: the API and the node take seconds, and whoever shows the last result needs neither.
    from core.self_test import golden

    return (
        (Sentence("Golden images by file"), golden.active_by_file),
        (Sentence("Golden images of the bundled model"), golden.bundled_by_file),
        (Sentence("Model that answers"), golden.model_that_answers),
        (Sentence("Golden images by API"), golden.by_api),
        (Sentence("Golden images by DICOM node"), golden.by_node),
        (Sentence("Libraries"), computer.libraries),
        (Sentence("Processor and precision"), computer.processor_and_precision),
        (Sentence("Free disk space"), computer.disk),
        (Sentence("Clock"), computer.clock),
        (Sentence("Write permissions"), computer.permissions),
        (Sentence("Free memory"), computer.memory),
    )


def run_self_test(by: str = "", progress: Callable[[str], None] = lambda name: None) -> SelfTest:
    """Make every check, and keep the result in the home where that can be written.

    Args:
        by: who signs the result.
        progress: called with the name of each check before it is made.

    Raises:
        UserError: another self-test is running.
    """
    with _alone():
        began, started = datetime.now().astimezone(), time.perf_counter()
        results = []
        for name, check in checks():
            progress(name)
            if (finding := found(check)) is not None:
                results.append(CheckResult(name, finding.outcome, finding.figure, finding.sentence))
        active = active_model()
        result = SelfTest(
            time=began.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - started, 1),
            version=core.__version__,
            computer=platform.node(),
            model=str(active.model.identity) if active else "",
            by=by.strip(),
            checks=tuple(results),
        )
        with suppress(UserError):  # the check of permissions or of the disk has failed then
            save_result(result)
    return result


def found(check: Check) -> Finding | None:
    """What a check finds; its own failure is a finding, too."""
    try:
        return check()
    except NoGoldenImages as error:
        return Finding(NOT_CHECKED, NO_FIGURE, sentence_of(error))
    except UserError as error:
        return Finding(FAILED, NO_FIGURE, sentence_of(error))
    except Exception as error:  # whatever is wrong with this computer: the other checks go on
        kind = type(error).__name__
        sentence = Sentence("The check ended with {kind}: {error}", kind=kind, error=str(error))
        return Finding(FAILED, NO_FIGURE, sentence)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of self-tests where the home can be written."""
    try:
        descriptor = lock.acquire(lock_path())
    except UserError:  # not writable: nothing that two of them could both change
        yield
        return
    if descriptor is None:
        raise UserError(Sentence("Another self-test is running. Wait for its result."))
    try:
        yield
    finally:
        os.close(descriptor)
