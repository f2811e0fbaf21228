"""Identity of a training process, safe against reuse of its PID."""

from dataclasses import dataclass

import psutil

CLOCK_TOLERANCE_S = 2.0  # start times shift when the system clock is set


@dataclass(frozen=True)
class ProcessIdentity:
    """A process: its PID, which the system may reuse, and its start time.

    Attributes:
        pid: process ID.
        started: seconds since 1970.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Identity of a live process; raises psutil.NoSuchProcess if it has ended."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process, or None if it has ended, even if its PID belongs to another process now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_TOLERANCE_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def kill(self) -> bool:
        """Kill the process and its children; returns False if it has already ended."""
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
