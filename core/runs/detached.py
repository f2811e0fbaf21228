"""Processes that outlive the one that starts them: the scheduler, and each run's training."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from core.config import PROJECT


class Process(Protocol):
    """What the one that started a process learns of it, as in `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """The exit code, -N if signal N killed it, or None while it lives."""
        ...

    def wait(self) -> int:
        """The exit code, once it has ended."""
        ...

    def kill(self) -> None:
        """Kill it, if it lives."""
        ...


def start(
    module: str, *arguments: str, log: Path, locks: tuple[int, ...], environment: Mapping[str, str]
) -> Process:
    """Start `python -m MODULE ARGUMENTS` in a session of its own.

    Args:
        module: with its package.
        arguments: of the command line.
        log: file that what it prints is appended to.
        locks: file descriptors that it inherits, each under its number (`core.runs.lock`).
        environment: all of its variables.

    Raises:
        OSError: the log cannot be written, or no process be started.
    """
    with open(log, "ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=locks,
        )
