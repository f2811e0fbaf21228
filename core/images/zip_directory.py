"""Opening zips whose names are not in the encoding that they claim."""

import struct
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from core.images.names import UTF8_NAME

DIRECTORY_ENTRY, LOCAL_HEADER = b"PK\x01\x02", b"PK\x03\x04"
DIRECTORY_FIXED, LOCAL_FIXED = 46, 30  # bytes before the name
DIRECTORY_FLAGS, LOCAL_FLAGS = 8, 6  # where they are
DIRECTORY_LENGTHS, LOCAL_LENGTHS = 28, 26  # of name, extra field and comment


def open_zip(file: Path | BinaryIO) -> zipfile.ZipFile:
    """A zip to read; names that claim to be in UTF-8 and are not are read like those that claim nothing.

    Raises:
        zipfile.BadZipFile, OSError, ValueError: it cannot be read.
    """
    try:
        return zipfile.ZipFile(file)
    except UnicodeDecodeError:
        opened = open(file, "rb") if isinstance(file, Path) else file  # noqa: SIM115  # the zip keeps it
        return zipfile.ZipFile(cast(IO[bytes], _WithoutFalseClaims(opened)))


class _WithoutFalseClaims:
    """A file in which the headers of a zip have the UTF-8 flag only where it is true."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        """As of the file; `zipfile` reads the central directory at once, and local headers without names."""
        data = self._file.read(size)
        if data.startswith(DIRECTORY_ENTRY):
            return _corrected_directory(data)
        if data.startswith(LOCAL_HEADER) and len(data) == LOCAL_FIXED:
            position = self._file.tell()
            (length,) = struct.unpack_from("<H", data, LOCAL_LENGTHS)
            name = self._file.read(length)
            self._file.seek(position)
            return data if _is_utf8(name) else _without_flag(data, LOCAL_FLAGS)
        return data


def _corrected_directory(directory: bytes) -> bytes:
    """A central directory without the flag of names that are not in UTF-8."""
    entries, start = [], 0
    while directory[start : start + 4] == DIRECTORY_ENTRY and start + DIRECTORY_FIXED <= len(directory):
        lengths = struct.unpack_from("<HHH", directory, start + DIRECTORY_LENGTHS)
        end = start + DIRECTORY_FIXED + sum(lengths)
        entry = directory[start:end]
        name = entry[DIRECTORY_FIXED : DIRECTORY_FIXED + lengths[0]]
        entries.append(entry if _is_utf8(name) else _without_flag(entry, DIRECTORY_FLAGS))
        start = end
    return b"".join(entries) + directory[start:]


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _without_flag(header: bytes, position: int) -> bytes:
    (flags,) = struct.unpack_from("<H", header, position)
    return header[:position] + struct.pack("<H", flags & ~UTF8_NAME) + header[position + 2 :]
