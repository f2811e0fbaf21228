"""Where a run stands, written to its folder often enough to watch and seldom enough not to cost."""

import time

from core.runs import Plan, Run

SECONDS_BETWEEN_WRITES = 0.5


class Stopped(Exception):
    """Somebody asked the run to stop, and it has."""


def check_stop(run: Run) -> None:
    """Raise Stopped when somebody asked the run to stop."""
    if run.stop_requested():
        raise Stopped


class Progress:
    """Counts the work done against the plan, and writes state and time left into the run's folder."""

    def __init__(self, run: Run, plan: Plan):
        self.run, self.plan = run, plan
        self.total = plan.total()
        self.done = run.status().done * self.total
        self.worked = 0.0  # by this process: what was kept or spared takes no time and tells no speed
        self.began: float | None = None
        self.written = 0.0

    def work(self, gigamacs: float, **state) -> None:
        """Add work done; write `state` if the last write is long enough ago.

        Raises:
            Stopped: somebody asked for it.
        """
        self.check()
        if self.began is None:
            self.began = time.monotonic()
        else:
            self.worked += gigamacs
        self.done += gigamacs
        if time.monotonic() - self.written >= SECONDS_BETWEEN_WRITES:
            self.say(**state)

    def check(self) -> None:
        """Raise Stopped when somebody asked for it."""
        check_stop(self.run)

    def go_back(self, gigamacs: float) -> None:
        """Count exactly `gigamacs` as done: where a stage begins or goes on."""
        self.done = gigamacs

    def reach(self, gigamacs: float) -> None:
        """Count at least `gigamacs` as done: what early stopping or a kept file spared is done, too."""
        self.done = max(self.done, gigamacs)

    def say(self, **state) -> None:
        """Write `state`, the share done and the time left."""
        share = min(self.done / self.total, 0.999)
        left = None
        if self.worked:
            left = max(self.total - self.done, 0) * (time.monotonic() - self.began) / self.worked
        self.written = time.monotonic()
        self.run.write_state(done=round(share, 4), seconds_left=left and round(left), **state)
