"""A .keras file: a zip with the model's configuration and its weights as HDF5. Nothing in it is executed."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.disk import explaining

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MAX_CONFIG = 10 * 2**20  # bytes
MAX_WEIGHTS = 2 * 2**30  # VGG19 with its head and Adam's state take 0.8 GiB
MAX_MEMBERS = 100
BLOCK = 2**20


def archived_config(path: Path) -> str:
    """The configuration of a .keras file.

    Raises:
        ValueError: the archive is damaged, or larger than a model of ours can be.
    """
    with _opened(path) as archive:
        info = _member(archive, CONFIG, MAX_CONFIG)
        with archive.open(info) as member:
            return member.read(MAX_CONFIG).decode("utf-8", "replace")


@contextmanager
def archived_weights(path: Path) -> Iterator[Path]:
    """The weights of a .keras file as a temporary file.

    Raises:
        ValueError: the archive is damaged, or larger than a model of ours can be.
        UserError: the disk has no room for them.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / WEIGHTS
        with _opened(path) as archive, explaining(target):
            info = _member(archive, WEIGHTS, MAX_WEIGHTS)
            left = info.file_size
            with archive.open(info) as source, open(target, "wb") as file:
                while block := source.read(BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise ValueError("more bytes than the archive says")
                    file.write(block)
        yield target


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if info.filename == name]
    if len(archive.infolist()) > MAX_MEMBERS or len(members) != 1:
        raise ValueError(f"not one {name}")
    info = members[0]
    if info.file_size > limit or info.flag_bits & 1:
        raise ValueError(f"{name} is encrypted or has more than {limit:,} bytes")
    return info


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError("a damaged archive") from error
