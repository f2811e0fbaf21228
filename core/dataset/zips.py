"""A zip in the published layout, at any depth, becomes a set. Nothing is extracted by its own name."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.dataset.pixels import Progress
from core.dataset.sets import NewSet, new_set, place_of, sets_folder
from core.errors import UserError

IMAGES = {".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".dcm"}
ENCRYPTED = 0x1
PIECE = 1 << 20


def import_zip(file: Path | BinaryIO, name: str, progress: Progress | None = None) -> Path:
    """Import the images of a zip as a set.

    The Kaggle archive holds everything twice (`chest_xray/chest_xray`) and `__MACOSX` files; each image is
    taken once. Bytes are counted as they are read, whatever the zip declares.

    Args:
        file: path or file object.
        name: of the set.
        progress: called with (entries done, entries in all).

    Returns:
        The set's folder.

    Raises:
        UserError: it is no zip, is cut short, encrypted or too large, leads out of its folder, or
            holds no images of both classes. Nothing is kept then.
    """
    try:
        with zipfile.ZipFile(file) as archive, new_set(name) as made:
            entries = archive.infolist()
            for done, entry in enumerate(entries, start=1):
                _take(archive, entry, made)
                if progress and (done % 50 == 0 or done == len(entries)):
                    progress(done, len(entries))
            if not made.count and any(entry.filename.lower().endswith(".zip") for entry in entries):
                raise UserError("It holds another zip and no images. Unpack it once, and give the inner one.")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise UserError(
            f"{_shown(file)} is no zip that can be read, or is damaged or cut short; nothing was "
            "imported. Copy or download it again."
        ) from error
    return sets_folder() / name


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, made: NewSet) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise UserError(f"The zip holds the path {entry.filename[:80]!r}, which leads out of its folder.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UserError(f"The zip holds the link {entry.filename[:80]!r}. Pack it without links.")
    hidden = any(part.startswith(".") or part.lower() == "__macosx" for part in path.parts)
    place = place_of(list(path.parts[:-1]))
    if entry.is_dir() or hidden or place is None or path.suffix.lower() not in IMAGES:
        return
    if entry.flag_bits & ENCRYPTED:
        raise UserError("The zip is encrypted. Unpack it with its password, and import the folder.")
    data = bytearray()
    with archive.open(entry) as source:
        while piece := source.read(PIECE):
            made.count_bytes(len(piece))
            data += piece
    made.add(*place, path.name, bytes(data))


def _shown(file: Path | BinaryIO) -> str:
    return Path(getattr(file, "name", None) or file if isinstance(file, str | Path) else "The file").name
