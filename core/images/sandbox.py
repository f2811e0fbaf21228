"""Decoding what strangers upload, in a process that may die: `python -m core.images.sandbox` is that process.

It waits for files on its input and answers on its output with JSON and raw bytes, never with pickles. Its
memory, its processor time for a file and its right to write files are limited by the system, so that whatever
a hostile file does to a decoder ends with it.
"""

import json
import os
import queue
import resource
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.images.decoder import ImageError, Radiograph, decode

MOST_MEMORY = 500 * 2**20  # bytes of data
MOST_CPU_S = 2  # processor time for a file
MOST_WALL_S = 10  # time for a file on a machine that is busy with other things
WORKERS = 2
LENGTH = 8  # bytes that say how long a part is
PIECE = 2**20

_PROJECT = Path(__file__).resolve().parents[2]


class _Died(Exception):
    """The process ended, or took too long and was ended."""


class _Gone(Exception):
    """The process had ended before it got the file."""


class _Worker:
    """A process that decodes one file at a time; it ends with us, when its input does."""

    def __init__(self):
        command = [sys.executable, "-m", "core.images.sandbox"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=_PROJECT
        )

    def decode(self, data: bytes, name: str) -> Radiograph:
        """Raises ImageError as `core.images.decode` does, _Gone and _Died."""
        deadline = time.monotonic() + MOST_WALL_S
        try:
            for part in (name.encode(errors="replace"), data):
                self.process.stdin.write(len(part).to_bytes(LENGTH))
                self.process.stdin.write(part)
            self.process.stdin.flush()
        except OSError as error:
            raise _Gone from error
        answer = json.loads(self._part(deadline))
        pixels = np.frombuffer(self._part(deadline), np.uint8)
        if "error" in answer:
            raise ImageError(answer["error"])
        shape = answer.pop("shape")
        return Radiograph(**answer, pixels=pixels.reshape(shape))

    def _part(self, deadline: float) -> bytes:
        return self._bytes(int.from_bytes(self._bytes(LENGTH, deadline)), deadline)

    def _bytes(self, count: int, deadline: float) -> bytes:
        """Exactly as many bytes of the process's output."""
        found = bytearray()
        output = self.process.stdout.fileno()
        while len(found) < count:
            ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(output, min(PIECE, count - len(found))) if ready else b""
            if not piece:
                raise _Died
            found += piece
        return bytes(found)

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.stdout.close()
        with suppress(OSError):  # what it did not read any more
            self.process.stdin.close()
        self.process.wait()


_idle: queue.Queue = queue.Queue()
for _ in range(WORKERS):
    _idle.put(None)  # a place for a worker that starts when it is needed


def decode_safely(data: bytes, name: str) -> Radiograph:
    """What `core.images.decode` does, in another process under limits; for files from outside.

    Raises:
        ImageError: the bytes are no image that can be read, or reading them takes more than 500 MB or 2 s.
    """
    worker = _idle.get()
    try:
        worker = worker or _Worker()
        try:
            return worker.decode(data, name)
        except _Gone:
            worker.end()
            worker = _Worker()
            return worker.decode(data, name)
    except (_Gone, _Died) as died:
        worker.end()
        worker = None
        raise ImageError(
            f"{name} takes more than {MOST_MEMORY // 2**20} MiB or {MOST_CPU_S} s to read, or breaks what "
            "reads it. Export it again, smaller."
        ) from died
    finally:
        _idle.put(worker)


def serve() -> None:
    """Decode the files on standard input until it ends."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(LENGTH):
        name = source.read(int.from_bytes(head)).decode()
        data = source.read(int.from_bytes(source.read(LENGTH)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + MOST_CPU_S
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        try:
            film = decode(data, name)
            answer = {**asdict(film), "shape": film.pixels.shape}
            pixels = answer.pop("pixels").tobytes()
        except ImageError as error:
            answer, pixels = {"error": str(error)}, b""
        for part in (json.dumps(answer).encode(), pixels):
            target.write(len(part).to_bytes(LENGTH))
            target.write(part)
        target.flush()


if __name__ == "__main__":
    serve()
