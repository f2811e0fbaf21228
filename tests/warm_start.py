"""Schedulers and training processes that need not import TensorFlow: forks of one process that has.

To import it takes ten times as long as a narrow network trains, and tests start a hundred such processes.
`WarmProcess.start` stands in for `core.runs.detached.start`: what it starts is a process with a session, an
environment, locks and a log of its own, runs the same module from its first line, and can be killed. Forks
start theirs alike. Processes of commands, servers and Ray, which tests start as users do, start them as the
product does.
"""

import gc
import json
import multiprocessing
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from filelock import FileLock

from core.config import PROJECT
from core.runs import detached
from core.runs.training_process import TRAINING_ENVIRONMENT

RESERVED = 256  # file descriptors below belong to forks, which inherit each lock under its number
AS_LOADED = {"OMP_NUM_THREADS": "1"}  # which libraries read as they are loaded; some tests need one thread
MAX_REQUEST = 200_000  # bytes; a request is an environment


class WarmProcess:
    """Imports TensorFlow as soon as a process is to be started, and forks until nobody needs it any more.

    Args:
        folder: of all that share one such process, from their start on.
    """

    def __init__(self, folder: Path) -> None:
        self._address, self._needed, self._lock = folder / "warm", folder / "needed", folder / "warm.lock"
        with FileLock(self._lock):
            if not self._needed.exists():
                os.mkfifo(self._needed)
        self._need = os.open(self._needed, os.O_RDWR)  # which waits for no reader

    def start(self, module: str, *arguments: str, **keywords: object) -> "Fork":
        """Do what `detached.start` does, by a fork."""
        with FileLock(self._lock):
            if not self._address.exists():
                self._start_process()
        return ask(str(self._address), module, *arguments, **keywords)

    def _start_process(self) -> None:
        with open(self._needed, "rb") as needed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm_start", str(self._address)],
                cwd=PROJECT,
                env={**TRAINING_ENVIRONMENT, **os.environ, **AS_LOADED},
                stdin=needed,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        self._process.stdout.readline()  # it is ready

    def close(self) -> None:
        """Need it no more; its forks live on."""
        os.close(self._need)


class Fork:
    """A `detached.Process` that the warm process has forked."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int(connection.recv(MAX_REQUEST))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            with self._connection:
                self.returncode = int(self._connection.recv(MAX_REQUEST) or -signal.SIGKILL)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def ask(
    address: str,
    module: str,
    *arguments: str,
    log: Path,
    locks: tuple[int, ...],
    environment: Mapping[str, str],
) -> Fork:
    """Let the warm process at `address` fork; the arguments are those of `detached.start`."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(address)
    request = json.dumps([module, arguments, locks, dict(environment)]).encode()
    with open(log, "ab") as output:
        socket.send_fds(connection, [request], [output.fileno(), *locks])
    return Fork(connection)


def serve(address: str) -> None:
    """Import what training needs, then fork for each request, until standard input is closed by everybody."""
    gc.disable()
    for _ in range(RESERVED):
        os.open(os.devnull, os.O_RDONLY)
    sys.modules["jax"] = None  # TensorFlow imports it where it is installed, and does without it
    import core.training.references
    import core.training.stage  # noqa: F401

    gc.freeze()  # which no fork needs to search for garbage, and to copy for that
    gc.enable()
    detached.start = partial(ask, address)
    forks = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in (ready := wait([listener, sys.stdin, *forks])):
            for item in ready:
                if item is listener:
                    connection, _ = listener.accept()
                    process = _fork(connection, [listener, *(other for _, other in forks.values())])
                    forks[process.sentinel] = process, connection
                else:
                    process, connection = forks.pop(item)
                    process.join()
                    with connection, suppress(BrokenPipeError):  # nobody may want to know
                        connection.send(str(process.exitcode).encode())


def _fork(connection: socket.socket, others: list[socket.socket]) -> multiprocessing.Process:
    """Fork for one request; the fork closes the `others`, and tells its number."""
    request, inherited, *_ = socket.recv_fds(connection, MAX_REQUEST, RESERVED)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_become, args=(json.loads(request), inherited, [connection, *others]))
    process.start()
    for descriptor in inherited:
        os.close(descriptor)
    connection.send(str(process.pid).encode())
    return process


def _become(request: list, inherited: list[int], others: list[socket.socket]) -> None:
    """In the fork: run the module as `python -m` does."""
    module, arguments, locks, environment = request
    os.setsid()
    for other in others:
        other.close()
    os.closerange(3, RESERVED)
    for descriptor, number in zip([inherited[0], *inherited], [1, 2, *locks], strict=True):
        os.dup2(descriptor, number)
    for descriptor in inherited:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(sys.argv[1])
