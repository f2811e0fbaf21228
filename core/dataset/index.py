"""The index of a data set: one row per image, stored on disk beside its decoded pixels.

Opening a folder for the first time reads every file; opening it again only asks the file system
whether a file is new or changed, and decodes those. `index.csv` names the pixel file it belongs to
and is renamed into place last, so a half-written index is never seen.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from core import atomic
from core.dataset import pixels as pixel_store
from core.dataset.dataset import Dataset, Problem
from core.dataset.folder import ImageFile, layout_root, list_image_files
from core.dataset.imported_sets import PASSED_OVER_FILE, passed_over_at_import
from core.dataset.patients import PATIENTS_FILE, imported_patients, patient_and_cause, patients_in_headers
from core.dataset.problems import overall_problems, passed_over_problems
from core.dataset.storage import storage_folder
from core.errors import UserError
from core.images import HIDDEN, PassedOver, shown, stored_path
from core.sentence import Sentence

PIXEL_VERSION = 1  # of decoding and resizing: raise it when pixels would come out differently
INDEX_VERSION = 4  # of the columns below
SYNTHETIC_MARK = "SYNTHETIC.txt"
OWN_FILES = frozenset({SYNTHETIC_MARK, PATIENTS_FILE, PASSED_OVER_FILE})
COLUMNS = {
    "path": str,
    "split": str,
    "label": str,
    "patient": str,
    "pseudonym": str,
    "cause": str,
    "width": int,
    "height": int,
    "bytes": int,
    "modified": int,
    "sha256": str,
    "coloured": int,
    "problem": str,
}

Identity = tuple[str, int, int]  # path, bytes, time of change: equal as long as a file need not be read again


@dataclass(frozen=True, eq=False)
class _Cached:
    """Rows of an earlier index by identity, each with its position in the pixels (None if unreadable)."""

    rows: dict[Identity, tuple[dict, int | None]]
    pixels: np.ndarray


def open_folder(root: str | Path, progress: pixel_store.Progress | None = None) -> Dataset:
    """Index a folder, or open its index if nothing has changed since.

    Args:
        root: folder that holds train/ and test/, or one folder that does; it may be written as
            `core.images.shown` writes it.
        progress: called with (files decoded, files to decode) while decoding.

    Raises:
        UserError: the folder is missing, empty or in another layout, none of its images can be read, or
            the index cannot be saved.
    """
    root = layout_root(stored_path(Path(root).expanduser()).resolve())
    files, passed_over = list_image_files(root, OWN_FILES)
    folder = storage_folder(Path(shown(root)))
    with index_lock(folder):
        rows = _read_index(folder)
        if rows is None or not _is_current(rows, files):
            rows = _build_index(root, files, folder, rows, progress)
        pixels = pixel_store.load(folder / _pixel_file(rows))
    return _to_dataset(root, rows, pixels, passed_over)


@contextmanager
def index_lock(folder: Path) -> Iterator[None]:
    """Hold the index; without a lock where nothing can be written, and so nobody changes it."""
    lock = FileLock(folder / "lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _pixel_file(rows: pd.DataFrame) -> str:
    return f"pixels-{fingerprint_of(_readable(rows))[:16]}.npy"


def _readable(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["problem"] == ""]


def fingerprint_of(rows: pd.DataFrame) -> str:
    """Digest of labels and contents of a table."""
    content = rows[["split", "label", "patient", "sha256"]].to_csv(index=False)
    return hashlib.sha256(f"{PIXEL_VERSION}\n{content}".encode()).hexdigest()


def _read_index(folder: Path) -> pd.DataFrame | None:
    try:
        if json.loads((folder / "index.json").read_text())["version"] != INDEX_VERSION:
            return None
        rows = pd.read_csv(folder / "index.csv", dtype=COLUMNS, keep_default_na=False)
        return rows if (folder / _pixel_file(rows)).exists() else None
    except (OSError, ValueError, KeyError):
        return None


def _is_current(rows: pd.DataFrame, files: list[ImageFile]) -> bool:
    indexed = zip(rows["path"], rows["bytes"], rows["modified"], strict=True)
    return list(indexed) == [_identity(file) for file in files]


def _identity(file: ImageFile) -> Identity:
    return file.path, file.bytes, file.modified


def _build_index(
    root: Path,
    files: list[ImageFile],
    folder: Path,
    earlier: pd.DataFrame | None,
    progress: pixel_store.Progress | None,
) -> pd.DataFrame:
    """Decode new and changed files; write the pixels, then the index that names them."""
    atomic.clear_unfinished(folder)  # of a process that was killed
    with atomic.replacing(folder / "pixels.npy") as temporary:
        table = _write_pixels(temporary, root, files, _cached(folder, earlier), progress)
    current = folder / _pixel_file(table)
    (folder / "pixels.npy").rename(current)
    atomic.write_text(folder / "index.csv", table.to_csv(index=False))
    atomic.write_json(folder / "index.json", {"version": INDEX_VERSION, "root": shown(root)})
    for stale in set(folder.glob("pixels-*.npy")) - {current}:
        stale.unlink()
    return table


def _write_pixels(
    path: Path,
    root: Path,
    files: list[ImageFile],
    cached: _Cached | None,
    progress: pixel_store.Progress | None,
) -> pd.DataFrame:
    """Write the pixels of all readable files to `path`; returns the rows of the index."""
    cached_rows = cached.rows if cached else {}
    new = [file for file in files if _identity(file) not in cached_rows]
    decoded_files = iter(pixel_store.decode_files([root / file.path for file in new], progress))
    rows, filled, patients = [], 0, imported_patients(root)
    array = pixel_store.create(path, len(files))
    for file in files:
        if cached and _identity(file) in cached_rows:
            row, position = cached_rows[_identity(file)]
            image = cached.pixels[position] if position is not None else None
        else:
            decoded = next(decoded_files)
            row, image = _row(file, decoded, patients), decoded.pixels
        rows.append(row)
        if image is not None:
            array[filled] = image
            filled += 1
    array.flush()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cached(folder: Path, rows: pd.DataFrame | None) -> _Cached | None:
    if rows is None:
        return None
    by_identity, position = {}, 0
    for row in rows.to_dict("records"):
        readable = not row["problem"]
        by_identity[row["path"], row["bytes"], row["modified"]] = (row, position if readable else None)
        position += readable
    return _Cached(by_identity, pixel_store.load(folder / _pixel_file(rows)))


def _row(file: ImageFile, decoded: pixel_store.Decoded, patients: dict[str, str]) -> dict:
    named, cause = patient_and_cause(file.path.rsplit("/", 1)[-1])
    patient = "" if decoded.pseudonym else named  # viewers export files of anybody as IM-0001-0001.dcm
    return {
        "path": file.path,
        "split": file.split,
        "label": file.label,
        "patient": patients.get(file.path, patient),
        "pseudonym": decoded.pseudonym,
        "cause": cause,
        "width": decoded.width,
        "height": decoded.height,
        "bytes": file.bytes,
        "modified": file.modified,
        "sha256": decoded.sha256,
        "coloured": int(decoded.coloured),
        "problem": decoded.problem,
    }


def is_synthetic(folder: Path) -> bool:
    """Whether a folder, or one that it is in, is marked as holding images that a program drew."""
    return any((parent / SYNTHETIC_MARK).exists() for parent in (folder, *folder.parents))


def _to_dataset(root: Path, rows: pd.DataFrame, pixels: np.ndarray, passed_over: PassedOver) -> Dataset:
    problems = [
        Problem(path, problem) for path, problem in zip(rows["path"], rows["problem"], strict=True) if problem
    ]
    if len(problems) == len(rows):
        raise UserError(
            Sentence(
                "None of the {count} files in {root} can be read; {problem}",
                count=len(rows),
                root=shown(root),
                problem=problems[0].message,
            )
        )
    table = _readable(rows).drop(columns=["problem", "modified"]).reset_index(drop=True)
    table["patient"] = patients_in_headers(table)
    problems += passed_over_problems(passed_over) + overall_problems(table)
    sentences = (*passed_over.sentences(HIDDEN), *passed_over_at_import(root))
    return Dataset(
        Path(shown(root)),
        table,
        pixels[: len(table)],
        tuple(problems),
        is_synthetic(root),
        fingerprint_of(table),
        sentences,
    )
