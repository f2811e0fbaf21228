"""A zip in the published layout, at any depth, becomes a set. Nothing is extracted by its own name."""

import zipfile
from pathlib import Path
from typing import BinaryIO

from core.dataset.pixels import Progress
from core.dataset.sets import new_set, place_of, sets_folder
from core.errors import UserError
from core.images import zips


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
            entries = list(zips.image_entries(archive))
            for done, (path, entry) in enumerate(entries, start=1):
                place = place_of(list(path.parts[:-1]))
                if place is not None:
                    data = bytearray()
                    for piece in zips.pieces(archive, entry):
                        made.count_bytes(len(piece))
                        data += piece
                    made.add(*place, path.name, bytes(data))
                if progress and (done % 50 == 0 or done == len(entries)):
                    progress(done, len(entries))
            if not made.count and any(name.lower().endswith(".zip") for name in archive.namelist()):
                raise UserError("It holds another zip and no images. Unpack it once, and give the inner one.")
    except zips.DAMAGED as error:
        raise UserError(
            f"{_shown(file)} is no zip that can be read, or is damaged or cut short; nothing was "
            "imported. Copy or download it again."
        ) from error
    return sets_folder() / name


def _shown(file: Path | BinaryIO) -> str:
    return Path(getattr(file, "name", None) or file if isinstance(file, str | Path) else "The file").name
