"""The images of a zip, read in memory: nothing is extracted by its name, and bytes are counted as read."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from core.errors import UserError

IMAGES = {".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".dcm"}
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
MOST_FILES = 500
MOST_TOTAL = 500 * 2**20  # bytes, of all images together
ENCRYPTED = 0x1
PIECE = 1 << 20


def image_entries(
    archive: zipfile.ZipFile, suffixes: set[str] = IMAGES
) -> Iterator[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """The entries that are called like images, with their paths; hidden ones are left out.

    Raises:
        UserError: an entry leads out of its folder, is a link, or is encrypted.
    """
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise UserError(f"The zip holds the path {entry.filename[:80]!r}, which leads out of its folder.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(f"The zip holds the link {entry.filename[:80]!r}. Pack it without links.")
        hidden = any(part.startswith(".") or part.lower() == "__macosx" for part in path.parts)
        if entry.is_dir() or hidden or path.suffix.lower() not in suffixes:
            continue
        if entry.flag_bits & ENCRYPTED:
            raise UserError("The zip is encrypted. Unpack it with its password, and give what it holds.")
        yield path, entry


def pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of an entry, a piece at a time, whatever length it declares."""
    with archive.open(entry) as source:
        while piece := source.read(PIECE):
            yield piece


def images_in_zip(file: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the images in a zip; files without a suffix may be DICOM.

    Raises:
        UserError: it is damaged, hostile or encrypted, or holds too much; the sentence calls it `name`.
    """
    total = count = 0
    try:
        with zipfile.ZipFile(file) as archive:
            for path, entry in image_entries(archive, IMAGES | {""}):
                data = bytearray()
                for piece in pieces(archive, entry):
                    total += len(piece)
                    if total > MOST_TOTAL:
                        raise UserError(
                            f"{name} holds more than {MOST_TOTAL // 2**20} MiB of images. Give it in parts."
                        )
                    data += piece
                count += 1
                if count > MOST_FILES:
                    raise UserError(f"{name} holds more than {MOST_FILES} images. Give it in parts.")
                yield path.name, bytes(data)
    except DAMAGED as error:
        raise UserError(f"{name} is damaged or cut short. Copy or download it again.") from error
    if not count:
        raise UserError(f"{name} holds no images.")
