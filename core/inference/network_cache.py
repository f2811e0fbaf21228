"""Networks as OpenVINO maps them into memory, kept in the home once their weights file has been unpacked.

Unpacking and arranging weights takes longer than all else between the start of a process and its first
answer. Weights that are mapped are in memory once, however many processes answer with them.
"""

import ctypes
import hashlib
import mmap
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import openvino

from core import atomic, config
from core.errors import UserError
from core.roles import Role, takes
from core.weights import file_digest

MAX_NETWORKS = 10  # more than a process holds; a VGG19 takes 140 to 280 MB
SUFFIX = ".xml"  # of a part; its weights are beside it
DIGESTS = "SHA256SUMS"  # of the other files, as sha256sum writes it
UNUSABLE = (RuntimeError, OSError, ValueError)  # what an entry raises that is damaged, or gone meanwhile
MAPS = Path("/proc/self/maps")  # what this process has mapped
CORE = Path(__file__).resolve().parents[1]
CODE = ("architecture", "compilation", "weights", "inference")  # rooms that decide what a network computes


def _makers() -> str:
    """Version of OpenVINO, and digest of the code that makes networks of weights files."""
    files = [file for room in CODE for file in sorted((CORE / room).glob("*.py"))]
    code = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{openvino.__version__} {code}"


MAKERS = _makers()  # read with the code itself: an update leaves a running process what it has imported

Parts = Mapping[str, openvino.Model]
Makers = Mapping[str, Callable[[], openvino.Model]]


def folder() -> Path:
    """Folder of the cache, with a folder for each network."""
    return config.data_folder() / "networks"


def cached_parts(key: str, prepare: Callable[[], Makers]) -> Parts:
    """The parts of a network by name: mapped from the cache, else built and put there.

    Args:
        key: digest of the weights file, and how convolutions are computed.
        prepare: reads the weights file, and says what makes each part of it.

    Returns:
        Models; with weights of their own, where the home cannot be written or its disk is full.
    """
    path = folder() / hashlib.sha256(f"{key} {MAKERS}".encode()).hexdigest()
    with suppress(*UNUSABLE):
        return _mapped(path)
    with ExitStack() as held:
        with suppress(UserError):  # a home that cannot be written has no lock, either
            held.enter_context(atomic.changing(folder()))
        with suppress(*UNUSABLE):  # put there by another process while this one waited
            return _mapped(path)
        makers = prepare()
        with suppress(*UNUSABLE, UserError):
            _save(makers, path)
            parts = _mapped(path)
            _delete_least_used()
            return parts
    return {name: make() for name, make in makers.items()}


def release_pages() -> None:
    """Give back the memory of mapped networks: whoever has compiled them computes with copies of its own.

    A page that is read after all comes from the operating system's cache, or from the disk.
    """
    networks = f"{folder().resolve()}/"
    with suppress(OSError):  # not Linux
        for line in MAPS.read_text(encoding="utf-8").splitlines():
            addresses, rights, *_, path = line.split(maxsplit=5)
            if rights.startswith("r--") and path.startswith(networks):
                start, end = (int(address, 16) for address in addresses.split("-"))
                madvise = ctypes.CDLL(None).madvise
                madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


def size() -> int:
    """Bytes on disk."""
    total = 0
    for file in folder().rglob("*"):
        with suppress(OSError):  # another process has deleted it
            total += file.stat().st_size if file.is_file() else 0
    return total


@takes(Role.TRAINER)
def clear() -> int:
    """Delete the cache. Processes go on with what they have mapped. Returns the bytes freed."""
    before = size()
    for path in _networks():
        _delete(path)
    return max(before - size(), 0)


def _mapped(path: Path) -> Parts:
    """The parts, as they were saved; raises OSError where a file is gone or another one."""
    lines = (path / DIGESTS).read_text(encoding="utf-8").splitlines()
    digests = {name: digest for digest, name in (line.split("  ") for line in lines)}
    for name, digest in digests.items():
        if file_digest(path / name) != digest:
            raise OSError(f"{path / name} is damaged.")
    openvino_core = openvino.Core()
    names = [name for name in digests if name.endswith(SUFFIX)]
    parts = {name.removesuffix(SUFFIX): openvino_core.read_model(path / name) for name in names}
    with suppress(OSError):  # a home that can only be read
        os.utime(path)  # used now
    return parts


def _save(makers: Makers, path: Path) -> None:
    """Make and write each part in turn; what a process maps must be whole, even after a power failure."""
    _delete(path)
    with atomic.new_folder(path) as unfinished:
        for name, make in makers.items():
            openvino.save_model(make(), unfinished / f"{name}{SUFFIX}", compress_to_fp16=False)
        digests = [f"{file_digest(file)}  {file.name}\n" for file in sorted(unfinished.iterdir())]
        (unfinished / DIGESTS).write_text("".join(digests), encoding="utf-8")
        for file in unfinished.iterdir():
            with open(file, "rb+") as written:
                os.fsync(written.fileno())


def _delete_least_used() -> None:
    for path in sorted(_networks(), key=lambda path: path.stat().st_mtime)[:-MAX_NETWORKS]:
        _delete(path)


def _networks() -> list[Path]:
    return [path for path in folder().glob("*/") if not path.name.startswith(atomic.TEMPORARY)]


def _delete(path: Path) -> None:
    """Delete a network as a whole: nobody maps half of one."""
    deleted = path.with_name(f"{atomic.TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    with suppress(OSError):  # it is not there, or another process deletes it
        path.rename(deleted)
        shutil.rmtree(deleted)
