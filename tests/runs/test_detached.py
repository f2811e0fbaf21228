"""What starts a process that outlives its parent keeps its promises, and so does what tests start instead."""

import os
import signal

import pytest

from core.config import PROJECT
from core.runs import detached, lock

pytestmark = pytest.mark.slow
SHOW = """
import os
print(os.getsid(0) == os.getpid(), os.getcwd(), sorted(os.environ), os.environ["COLOUR"], flush=True)
os._exit(3)
"""


@pytest.fixture(params=["process of its own", "fork"])
def run_code(request, as_the_product, tmp_path):
    """Starts Python code by either way: by `timeit`, a module that runs what it is given, once."""
    start = detached.start if request.param == "fork" else as_the_product

    def run_code(code, locks=(), **environment):
        command = ("timeit", "-n", "1", "-r", "1", code)
        return start(*command, log=tmp_path / "log.txt", locks=locks, environment=environment)

    return run_code


def test_it_leads_a_session_with_the_given_environment_and_its_exit_code_is_told(run_code, tmp_path):
    process = run_code(SHOW, PATH=os.environ["PATH"], COLOUR="blue")
    assert process.wait() == process.poll() == process.returncode == 3
    shown = (tmp_path / "log.txt").read_text()
    assert shown.startswith(f"True {PROJECT} ['COLOUR', ") and shown.endswith(" blue\n")
    assert "HOME" not in shown


def test_it_inherits_a_lock_under_its_number_until_it_is_killed(run_code, tmp_path):
    path, other = tmp_path / "lock", lock.acquire(tmp_path / "other")
    held = lock.acquire(path)
    code = f"import os, time; print(os.readlink('/proc/self/fd/{held}'), flush=True); time.sleep(600)"
    process = run_code(code, (held,), PATH=os.environ["PATH"])
    os.close(held)
    os.close(other)
    assert lock.is_held(path) and not lock.is_held(tmp_path / "other")
    while not (written := (tmp_path / "log.txt").read_text()).endswith("\n"):
        assert process.poll() is None
    assert written == f"{path}\n"
    process.kill()
    assert process.wait() == -signal.SIGKILL and not lock.is_held(path)
