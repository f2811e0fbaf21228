"""A separate process for each way, so that memory and threads of one do not affect the other."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")  # so that each begins with nothing imported


class Worker:
    """Calls methods of an object that lives in another process.

    Args:
        make: creates the object in that process; importable by name.
        arguments: of `make`.
    """

    def __init__(self, make: Callable[..., object], *arguments: object) -> None:
        self._connection, child_connection = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=_serve, args=(child_connection, make, arguments), daemon=True)
        self._process.start()
        child_connection.close()

    def __call__(self, method: str, *arguments: object) -> Any:
        """Call a method and return its result.

        Raises:
            RuntimeError: the method failed; its traceback is on standard error.
        """
        self._connection.send((method, arguments))
        try:
            return self._connection.recv()
        except EOFError:
            raise RuntimeError(f"{method} failed in its process.") from None

    def peak_memory(self) -> int:
        """Peak memory of the process so far, in bytes."""
        with open(f"/proc/{self._process.pid}/status") as file:
            peak = next(line for line in file if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(20)


def _serve(connection: Connection, make: Callable[..., object], arguments: tuple) -> None:
    """Create the object and answer calls until the connection is closed."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    sys.stdout = sys.stderr  # standard output is reserved for the result
    served = make(*arguments)
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        connection.send(getattr(served, method)(*arguments))
