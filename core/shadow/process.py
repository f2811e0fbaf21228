"""The process of the shadow models, seen by the program that answers."""

import logging
import subprocess
import sys
from contextlib import suppress

from core.config import PROJECT, processor
from core.errors import UserError
from core.registry import shadows
from core.shadow.store import ShadowStore
from core.shadow.task import ShadowTask

NOT_STARTED = "The process of the shadow models could not be started: {}."
CRASHED = "The process of the shadow models ended while it read the image."

log = logging.getLogger("pneumonia.shadow")


class ShadowProcess:
    """A process at the lowest priority that runs the shadow models, so that no answer waits for them.

    It is started with the first image, and again after it has ended unexpectedly. Of what the shadows say,
    nothing comes back.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ShadowProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, task: ShadowTask) -> None:
        """Let the shadows read an image, and wait until they have; it is counted if they cannot."""
        try:
            process = self._running()
        except OSError as error:
            count_missed(NOT_STARTED.format(error.strerror))
            return
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        try:
            task.write(process.stdin)
            line = process.stdout.readline()
        except OSError:
            line = b""
        if not line:
            self.close()
            count_missed(CRASHED)
        elif problem := line.strip().decode():
            log.warning("shadow models: %s", problem)
            count_missed(problem)

    def close(self) -> None:
        """End the process once it has finished its image."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        with suppress(OSError):  # unread input is lost
            process.stdin.close()
        process.stdout.close()
        process.wait()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                [*processor.lowest_priority(), sys.executable, "-m", "core.shadow.worker"],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the program that answers
            )
        return self._process


def count_missed(reason: str, images: int = 1) -> None:
    """Keep for every shadow how many images it did not read, and why, where that can be written."""
    with suppress(UserError):
        for shadow in shadows():
            ShadowStore().add_missed(str(shadow.identity), reason, images)
