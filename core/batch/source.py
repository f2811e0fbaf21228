"""Source of a batch job's images: a folder tree, a zip, or a list of paths."""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa

from core.batch.path_list import SUFFIXES, listed_paths
from core.errors import UserError
from core.images import (
    MAX_BYTES,
    ZIP_ERRORS,
    Image,
    ImageError,
    PassedOver,
    decode_safely,
    entry_chunks,
    image_entries,
    is_dicom_directory,
    open_zip,
    read_image,
    reason_for_file,
    shown,
    too_large,
    unreadable_zip,
    walk_folder,
    zip_files,
)


class Source:
    """Reads images by their manifest path from a folder, a zip, or the folder of a list.

    Raises:
        UserError: the zip is missing or damaged.
    """

    def __init__(self, source: Path) -> None:
        is_zip = source.suffix.lower() == ".zip" and source.is_file()
        self._zip = _open_zip(source) if is_zip else None
        self._entries = zip_files(self._zip) if self._zip else {}
        self._root = source if source.is_dir() else source.parent

    def read(self, path: str) -> Image:
        """The image at a manifest path.

        Raises:
            ImageError: as `core.images.read_image`.
        """
        if self._zip is None:
            return read_image(self._root / path)  # an absolute path stays absolute
        data, name = bytearray(), PurePosixPath(path).name
        try:
            for chunk in entry_chunks(self._zip, self._entries[path]):
                data += chunk
                if len(data) > MAX_BYTES:
                    raise ImageError(too_large(name, len(data)))
        except (*ZIP_ERRORS, KeyError) as error:
            raise ImageError(f"{name} is damaged inside its zip file. Create the zip again.") from error
        return decode_safely(bytes(data), name)

    def close(self) -> None:
        """Close the zip."""
        if self._zip:
            self._zip.close()


def list_images(source: Path, passed_over: PassedOver) -> Iterator[tuple[str, int]]:
    """Path and size in bytes of each image in a source, in a fixed order.

    Args:
        source: a folder, a zip, or a list of paths.
        passed_over: receives the files that are not images.

    Raises:
        UserError: the source is missing or unreadable.
    """
    try:
        if source.is_dir():
            yield from _in_folder(source, passed_over)
        elif source.suffix.lower() == ".zip":
            yield from _in_zip(source, passed_over)
        elif source.suffix.lower() in SUFFIXES:
            yield from listed_paths(source)
        elif source.exists():
            raise UserError(
                f"{shown(source)} is not a folder, a zip, or a list of paths ({', '.join(sorted(SUFFIXES))})."
            )
        else:
            raise UserError(f"{shown(source)} is not a folder or file: it does not exist. Check the path.")
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{shown(source)} cannot be read: {reason}.") from error


def _open_zip(source: Path) -> zipfile.ZipFile:
    try:
        return open_zip(source)
    except FileNotFoundError as error:
        raise UserError(f"{shown(source)} cannot be read: it does not exist. Check the path.") from error
    except ZIP_ERRORS as error:
        raise unreadable_zip(source, shown(source)) from error


def _in_zip(source: Path, passed_over: PassedOver) -> Iterator[tuple[str, int]]:
    with _open_zip(source) as archive:
        try:
            for path, entry in image_entries(archive, passed_over):
                yield str(path), entry.file_size
        except ZIP_ERRORS as error:
            raise unreadable_zip(source, shown(source)) from error


def _in_folder(root: Path, passed_over: PassedOver) -> Iterator[tuple[str, int]]:
    media: set[Path] = set()  # folders that are, or are in, a DICOM medium
    for folder, names in walk_folder(root, passed_over):
        if folder.parent in media or any(map(is_dicom_directory, names)):
            media.add(folder)
        for name in names:
            path = folder / name
            below = PurePosixPath(path.relative_to(root).as_posix())
            if reason := reason_for_file(path, below, folder in media):
                passed_over.add(reason, shown(below))
            else:
                yield shown(below), path.stat().st_size
