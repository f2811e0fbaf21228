"""Progress of a run, written to its folder often enough to follow and rarely enough to cost nothing."""

import time
from collections.abc import Callable

from core.runs import Run, WorkEstimate

SECONDS_BETWEEN_WRITES = 0.5
EXPECTED_SHARE = 0.2  # of all work, at the expected rate, beside what was measured: for a steady time left


class Stopped(Exception):
    """The run was asked to stop, and has."""


def check_stop(run: Run) -> None:
    """Raise Stopped if the run was asked to stop."""
    if run.stop_requested():
        raise Stopped


class Progress:
    """Counts the work done, in GMAC, and writes progress and time left to the run's state."""

    def __init__(self, run: Run, estimate: WorkEstimate, clock: Callable[[], float] = time.monotonic) -> None:
        self.run, self.estimate, self.clock = run, estimate, clock
        self.total = estimate.total()
        self.done = run.status().done * self.total
        self.expected_rate = self._expected_rate(run.status().seconds_left)  # seconds per GMAC
        self.computed = 0.0  # by this process: cached or skipped work takes no time and is left out
        self.began: float | None = None
        self.written = float("-inf")

    def add(self, gigamacs: float, **state: object) -> None:
        """Add work done; write `state` unless the last write was a moment ago.

        Raises:
            Stopped: the run was asked to stop.
        """
        self.check()
        if self.began is None:
            self.began = self.clock()
        else:
            self.computed += gigamacs
        self.done += gigamacs
        if self.clock() - self.written >= SECONDS_BETWEEN_WRITES:
            self.write(**state)

    def check(self) -> None:
        """Raise Stopped if the run was asked to stop."""
        check_stop(self.run)

    def set_done(self, gigamacs: float) -> None:
        """Count exactly `gigamacs` as done: where a stage begins or resumes."""
        self.done = gigamacs

    def raise_to(self, gigamacs: float) -> None:
        """Count at least `gigamacs` as done, including work that early stopping or the cache saved."""
        self.done = max(self.done, gigamacs)

    def write(self, **state: object) -> None:
        """Write `state`, the fraction done and the time left."""
        fraction = min(self.done / self.total, 0.999)
        seconds_left = round(max(self.total - self.done, 0) * self._rate())
        self.written = self.clock()
        self.run.write_state(done=round(fraction, 4), seconds_left=seconds_left, **state)

    def _expected_rate(self, seconds_left: float | None) -> float:
        """Seconds per GMAC, from what the last stage has left, or from the estimate before a run."""
        left = self.total - self.done
        return seconds_left / left if seconds_left and left > 0 else self.estimate.seconds() / self.total

    def _rate(self) -> float:
        """Seconds per GMAC: what was measured, together with what was expected.

        Parts of a run differ in their rate, and other programs slow the first minutes of some: alone, what
        was measured doubles the time left, or halves it.
        """
        measured = self.clock() - self.began if self.began is not None else 0.0
        expected = EXPECTED_SHARE * self.total
        return (expected * self.expected_rate + measured) / (expected + self.computed)
