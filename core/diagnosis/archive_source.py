"""Where the films of an archive come from: a folder tree, a zip, or a list of paths."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

from core.errors import UserError
from core.images import (
    DAMAGED,
    IMAGES,
    MOST_BYTES,
    ImageError,
    Radiograph,
    decode_safely,
    image_entries,
    is_dicom,
    pieces,
    read,
    too_heavy,
)

LEFT_BY_SYSTEMS = {"dicomdir", "thumbs.db", "desktop.ini"}
DICOM_HEAD = 132  # bytes that tell a DICOM file


class Source:
    """Films by the manifest's paths, from a folder, a zip, or beside a list."""

    def __init__(self, source: Path):
        packed = source.suffix.lower() == ".zip" and source.is_file()
        try:
            self._zip = zipfile.ZipFile(source) if packed else None
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(f"{source} cannot be read: {error}.") from error
        self._root = source if source.is_dir() else source.parent

    def film(self, path: str) -> Radiograph:
        """Raises ImageError as `core.images.read` does."""
        if self._zip is None:
            return read(self._root / path)  # a path that is absolute stays as it is
        data, name = bytearray(), Path(path).name
        try:
            for piece in pieces(self._zip, self._zip.getinfo(path)):
                data += piece
                if len(data) > MOST_BYTES:
                    raise ImageError(too_heavy(name, len(data)))
        except (*DAMAGED, KeyError) as error:
            raise ImageError(f"{name} is damaged within its zip. Pack it again.") from error
        return decode_safely(bytes(data), name)

    def close(self) -> None:
        """Close the zip."""
        if self._zip:
            self._zip.close()


def listed(source: Path) -> Iterator[tuple[str, int]]:
    """Path and size of each film of a source, in a fixed order.

    Raises:
        UserError: it is missing or cannot be read.
    """
    try:
        if source.is_dir():
            yield from _in_folder(source)
        elif source.suffix.lower() == ".zip":
            with zipfile.ZipFile(source) as packed:
                for _, entry in image_entries(packed, IMAGES | {""}):
                    yield entry.filename, entry.file_size
        elif source.suffix.lower() in (".csv", ".parquet"):
            yield from _in_list(source)
        else:
            raise UserError(f"{source} is no folder, zip, or CSV or Parquet list of paths.")
    except (OSError, zipfile.BadZipFile, pa.ArrowException) as error:
        raise UserError(f"{source} cannot be read: {error}.") from error


def _in_folder(root: Path) -> Iterator[tuple[str, int]]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "__MACOSX")
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS or not path.is_file():
                continue
            if path.suffix.lower() in IMAGES or _is_dicom(path):
                yield path.relative_to(root).as_posix(), path.stat().st_size


def _is_dicom(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return is_dicom(file.read(DICOM_HEAD))
    except OSError:
        return False


def _in_list(source: Path) -> Iterator[tuple[str, int]]:
    format = pyarrow.dataset.CsvFileFormat() if source.suffix.lower() == ".csv" else "parquet"
    rows = pyarrow.dataset.dataset(source, format=format)
    name = "path" if "path" in rows.schema.names else rows.schema.names[0]
    for batch in rows.to_batches(columns=[name]):
        for path in map(str, batch.column(0).to_pylist()):
            place = source.parent / path
            yield path, place.stat().st_size if place.is_file() else -1
