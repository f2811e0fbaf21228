"""Decoding uploads in a separate process that may die: `python -m core.images.sandbox` is that process.

It reads files from standard input and writes JSON and raw bytes to standard output, never pickles. The
operating system limits its memory and its CPU time for a file and keeps it from writing files, so a hostile
file can harm nothing but this process. A large file may take more of both: an X-ray of 4,280 x 3,520 pixels
takes 4 s as JPEG 2000, while bombs are small files.
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
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from core.images.decoder import Image, ImageError, decode
from core.images.header_facts import HeaderFinding, PixelSpacing
from core.images.patient_age import PatientAge
from core.sentence import Sentence, of_plain, plain

MAX_WALL_FACTOR = 10  # time on a busy machine, in CPU time
MAX_START_S = 60  # for the process to start, on a busy machine
MAX_STARTS = 2  # times that it is waited for; one that has not started by then never will
READY = bytes(8)  # what the process writes once it can decode, and has a file: a part of no bytes
WORKERS = 2
LENGTH_BYTES = 8  # of the prefix that gives the length of a part
CHUNK = 2**20  # bytes


@dataclass(frozen=True)
class Limits:
    """What decoding a file may take.

    Attributes:
        memory: bytes of data.
        cpu_s: CPU time in seconds.
    """

    memory: int
    cpu_s: float

    @property
    def wall_s(self) -> float:
        """Time in seconds, on a machine that has other things to do."""
        return MAX_WALL_FACTOR * self.cpu_s


SMALL_FILE = Limits(500 * 2**20, 2)
PER_BYTE = Limits(8, 1.5 / 2**20)  # JPEG 2000 needs 0.3 s a MiB on a core of 2025
MAX = Limits(900 * 2**20, 30)


def limits(size: int) -> Limits:
    """Limits for a file of `size` bytes."""
    return Limits(
        min(MAX.memory, SMALL_FILE.memory + PER_BYTE.memory * size),
        min(MAX.cpu_s, SMALL_FILE.cpu_s + PER_BYTE.cpu_s * size),
    )


_PROJECT = Path(__file__).resolve().parents[2]


class DecoderBusy(ImageError):
    """An image that is not at fault: the computer had no time, or no memory left, to read it."""


class _Crashed(Exception):
    """The process ended; once it has the file, while it worked on that, such as for its CPU time."""


class _Late(Exception):
    """The process did not get the CPU time that it is allowed, to start or for the file."""


class _Unavailable(Exception):
    """The process ended before it had the file, such as by the operating system that was short of memory."""


class _Worker:
    """A process that decodes one file at a time and exits when its standard input is closed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "core.images.sandbox"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=_PROJECT)
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        self.process, self.stdin, self.stdout = process, process.stdin, process.stdout
        self.ready = False
        self.starts = 0  # files that waited for it to start

    def decode(self, data: bytes, name: str) -> Image:
        """Raises ImageError as `core.images.decode` does, _Unavailable, _Crashed and _Late."""
        try:
            if not self.ready:
                self.starts += 1
                self._read_part(time.monotonic() + MAX_START_S)
                self.ready = True
            deadline = time.monotonic() + limits(len(data)).wall_s
            for part in (name.encode(errors="replace"), data):
                self.stdin.write(len(part).to_bytes(LENGTH_BYTES))
                self.stdin.write(part)
            self.stdin.flush()
            self._read_part(deadline)  # it has the file
        except (OSError, _Crashed) as error:
            raise _Unavailable from error
        reply = json.loads(self._read_part(deadline))
        pixels = np.frombuffer(self._read_part(deadline), np.uint8)
        if "error" in reply:
            raise ImageError(of_plain(reply["error"]))
        shape, findings, age = (reply.pop(key) for key in ("shape", "findings", "age"))
        spacing, origin = reply.pop("spacing"), reply.pop("origin")
        return Image(
            **reply,
            pixels=pixels.reshape(shape),
            findings=tuple(HeaderFinding(**finding) for finding in findings),
            age=PatientAge(**age) if age else None,
            spacing=PixelSpacing(**spacing) if spacing else None,
            origin=tuple(origin),
        )

    def _read_part(self, deadline: float) -> bytes:
        return self._read_bytes(int.from_bytes(self._read_bytes(LENGTH_BYTES, deadline)), deadline)

    def _read_bytes(self, count: int, deadline: float) -> bytes:
        """Exactly `count` bytes of the process's output."""
        received = bytearray()
        output = self.stdout.fileno()
        while len(received) < count:
            ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise _Late
            chunk = os.read(output, min(CHUNK, count - len(received)))
            if not chunk:
                raise _Crashed
            received += chunk
        return bytes(received)

    def kill(self) -> None:
        """Kill the process and close its pipes."""
        self.process.kill()
        self.stdout.close()
        with suppress(OSError):  # unread input is lost
            self.stdin.close()
        self.process.wait()


_idle: queue.Queue["_Worker | None"] = queue.LifoQueue()  # running workers mostly come first
for _ in range(WORKERS):
    _idle.put(None)  # a slot whose worker is started on first use


def decode_safely(data: bytes, name: str) -> Image:
    """Decode like `core.images.decode`, but in another process under limits; for untrusted files.

    Raises:
        ImageError: the bytes are not a readable image, or reading them takes more than `limits` allow.
        DecoderBusy: the computer had no time to read them, or ended two processes before they had them.
    """
    worker = _idle.get()
    try:
        worker = worker or _Worker()
        try:
            return worker.decode(data, name)
        except _Unavailable:
            worker.kill()
            worker = _Worker()
            return worker.decode(data, name)
    except _Late as error:
        assert worker is not None  # only a worker raises it
        if worker.ready or worker.starts >= MAX_STARTS:  # else it goes on starting, for whoever comes next
            worker.kill()
            worker = None
        raise _busy(name) from error
    except _Unavailable as error:
        assert worker is not None  # only a worker raises it
        worker.kill()
        worker = None
        raise _busy(name) from error
    except _Crashed as error:
        assert worker is not None  # only a worker raises it
        worker.kill()
        worker = None
        allowed = limits(len(data))
        raise ImageError(
            Sentence(
                "{name} takes more than {memory} MiB or {seconds:.0f} s to read, or crashes the decoder. "
                "Export it again uncompressed, or at a smaller size.",
                name=name,
                memory=allowed.memory // 2**20,
                seconds=allowed.cpu_s,
            )
        ) from error
    finally:
        _idle.put(worker)


def _busy(name: str) -> DecoderBusy:
    return DecoderBusy(
        Sentence("{name} was not read: this computer is too busy. Try again later.", name=name)
    )


def serve() -> None:
    """Decode the files that arrive on standard input until it is closed."""
    import_module("core.images.dicom")  # before the limits of a file, which pydicom would use up
    resource.setrlimit(resource.RLIMIT_DATA, (SMALL_FILE.memory, MAX.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    target.write(READY)
    target.flush()
    while head := source.read(LENGTH_BYTES):
        name = source.read(int.from_bytes(head)).decode()
        size = int.from_bytes(source.read(LENGTH_BYTES))
        allowed = limits(size)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed.memory, MAX.memory))
        data = source.read(size)
        target.write(READY)
        target.flush()
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime + allowed.cpu_s)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        try:
            image = decode(data, name)
            reply = {**asdict(image), "shape": image.pixels.shape}
            pixels = reply.pop("pixels").tobytes()
        except ImageError as error:
            reply, pixels = {"error": plain(error.args[0])}, b""
        for part in (json.dumps(reply).encode(), pixels):
            target.write(len(part).to_bytes(LENGTH_BYTES))
            target.write(part)
        target.flush()


if __name__ == "__main__":
    serve()
