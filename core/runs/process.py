"""Which process trains a run, told from any later one that was given the same number."""

from dataclasses import dataclass

import psutil

CLOCK_S = 2.0  # what the start of a process may seem to move when the system's clock is set


@dataclass(frozen=True)
class Identity:
    """A process: its number, which is used again some day, and when it started, which is not.

    Attributes:
        pid: its number.
        started: seconds since 1970.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """Raises psutil.NoSuchProcess when it has ended."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process while it lives; None when it is gone or its number belongs to another."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def kill(self) -> bool:
        """End it and its children at once; False when it is gone already. No other process is touched."""
        process = self.process()
        if process is None:
            return False
        family = [process, *process.children(recursive=True)]
        for member in family:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=5)
        return True
