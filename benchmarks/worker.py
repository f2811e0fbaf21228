"""A process of its own for each side, so that neither's memory or threads count for the other."""

import multiprocessing
import os
import sys
from collections.abc import Callable


class Worker:
    """Calls methods of an object that lives in another process.

    Args:
        make: makes the object, there; importable by name.
        arguments: of `make`.
    """

    def __init__(self, make: Callable, *arguments):
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, method: str, *arguments):
        """What the method returns.

        Raises:
            RuntimeError: it failed; its own message is on standard error.
        """
        self._ours.send((method, arguments))
        try:
            return self._ours.recv()
        except EOFError:
            raise RuntimeError(f"{method} failed in its process.") from None

    def peak_memory(self) -> int:
        """Most bytes that the process held so far."""
        with open(f"/proc/{self._process.pid}/status") as file:
            peak = next(line for line in file if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._process.join(20)


def _serve(pipe, make: Callable, arguments: tuple) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stdout = sys.stderr  # standard output belongs to the result
    side = make(*arguments)
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(getattr(side, method)(*arguments))
