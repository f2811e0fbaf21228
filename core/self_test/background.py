"""The self-test that a server starts: a process of its own, at the lowest priority."""

import subprocess
import sys
import time

from core.config import PROJECT, environment, processor

DELAY_S = 20.0  # until those who waited for the server have their first page


def start_self_test() -> None:
    """Run the self-test in a process of its own, after a delay, unless the environment switches it off.

    Returns when that process has ended; its result is in the home then. It does not outlive this one.

    Raises:
        UserError: the variable is not a switch.
    """
    if not environment.SELF_TEST.value():
        return
    time.sleep(DELAY_S)
    with subprocess.Popen(
        [*processor.lowest_priority(), sys.executable, "-m", "core.self_test"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as testing:
        testing.wait()
