"""The index of a data set: one row an image, kept on disk beside its decoded pixels.

Opening a folder for the first time reads every file; opening it again only asks the file system
whether a file is new or changed, and decodes those. `index.csv` names the pixel file it belongs to
and is renamed into place last, so a half-made index is never seen.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from core import atomic, config
from core.config import CLASS_NAMES
from core.dataset import pixels as pixel_store
from core.dataset.folder import FoundFile, find_files
from core.dataset.patients import given_patients, patient_and_cause
from core.errors import UserError

VERSION = 1  # of decoding and resizing: raise it when pixels would come out differently
INDEX_VERSION = 2  # of the columns below
SYNTHETIC_MARK = "SYNTHETIC.txt"
COLUMNS = {
    "path": str,
    "split": str,
    "label": str,
    "patient": str,
    "cause": str,
    "width": int,
    "height": int,
    "bytes": int,
    "modified": int,
    "sha256": str,
    "coloured": int,
    "problem": str,
}


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file or with the set as a whole (then `path` is empty)."""

    path: str
    message: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """An indexed data set.

    Attributes:
        root: the user's folder.
        table: DataFrame, a row for each readable image, in the order of `pixels`: path (relative),
            split (as published), label, patient (kind + number, "" if unknown), cause, width,
            height, bytes, sha256, coloured (0 or 1).
        pixels: uint8 array of shape (images, 128, 128), memory-mapped, read-only.
        problems: what is wrong with the set.
        synthetic: whether the images were drawn by `core.dataset.demo`.
        fingerprint: digest of labels and contents: equal sets have equal fingerprints.
    """

    root: Path
    table: pd.DataFrame
    pixels: np.ndarray
    problems: tuple[Problem, ...]
    synthetic: bool
    fingerprint: str

    @property
    def name(self) -> str:
        """The folder's name, marked when the images are synthetic."""
        return f"{self.root.name} (SYNTHETIC)" if self.synthetic else self.root.name

    @property
    def labels(self) -> np.ndarray:
        """int64 array of shape (images,): 0 NORMAL, 1 PNEUMONIA."""
        return (self.table["label"] == CLASS_NAMES[1]).to_numpy(dtype=np.int64)


def open_dataset(root: str | Path, progress: pixel_store.Progress | None = None) -> Dataset:
    """Index the folder, or open its index when nothing changed since.

    Args:
        root: folder that holds train/ and test/.
        progress: called with (files decoded, files to decode) while decoding.

    Raises:
        UserError: the folder is missing, empty or laid out in another way, or no image in it
            can be read.
    """
    root = Path(root).expanduser().resolve()
    files = find_files(root)
    store = kept_folder(root)
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / "lock"):
        kept = _read_index(store)
        if kept is None or not _is_current(kept, files):
            kept = _build(root, files, store, kept, progress)
        pixels = pixel_store.load(store / _pixel_file(kept))
    return _dataset(root, kept, pixels)


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Images by split and class, as published; splits without images are left out."""
    table = dataset.table.groupby(["split", "label"]).size()
    return {
        split: {label: int(table.get((split, label), 0)) for label in CLASS_NAMES}
        for split in ("train", "val", "test")
        if split in table.index.get_level_values("split")
    }


def known_folders() -> list[Path]:
    """Folders that were indexed before and still exist, the latest first."""
    found = []
    for kept in (config.data_folder() / "indexed").glob("*/index.json"):
        root = Path(json.loads(kept.read_text())["root"])
        if root.is_dir():
            found.append((kept.stat().st_mtime, root))
    return [root for _, root in sorted(found, reverse=True)]


def kept_folder(root: Path) -> Path:
    """Folder for what is kept about `root`: the user's own folder is never written to."""
    return config.data_folder() / "indexed" / hashlib.sha256(str(root).encode()).hexdigest()[:16]


def _pixel_file(rows: pd.DataFrame) -> str:
    return f"pixels-{_fingerprint(_readable(rows))[:16]}.npy"


def _readable(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["problem"] == ""]


def _fingerprint(rows: pd.DataFrame) -> str:
    content = rows[["split", "label", "patient", "sha256"]].to_csv(index=False)
    return hashlib.sha256(f"{VERSION}\n{content}".encode()).hexdigest()


def _read_index(store: Path) -> pd.DataFrame | None:
    try:
        if json.loads((store / "index.json").read_text())["version"] != INDEX_VERSION:
            return None
        rows = pd.read_csv(store / "index.csv", dtype=COLUMNS, keep_default_na=False)
        return rows if (store / _pixel_file(rows)).exists() else None
    except (OSError, ValueError, KeyError):
        return None


def _is_current(rows: pd.DataFrame, files: list[FoundFile]) -> bool:
    return list(zip(rows["path"], rows["bytes"], rows["modified"], strict=True)) == [
        (file.path, file.bytes, file.modified) for file in files
    ]


def _build(root, files, store, kept, progress) -> pd.DataFrame:
    """Decode what is new or changed; write pixels, then the index that names them."""
    known, old_pixels = _known(store, kept)
    new = [file for file in files if _identity(file) not in known]
    decoded = iter(pixel_store.decode_files([root / file.path for file in new], progress))
    rows, filled, given = [], 0, given_patients(root)
    with atomic.replacing(store / "pixels.npy") as temporary:
        array = pixel_store.create(temporary, len(files))
        for file in files:
            if _identity(file) in known:
                row, position = known[_identity(file)]
                image = old_pixels[position] if position is not None else None
            else:
                result = next(decoded)
                row, image = _row(file, result, given), result.pixels
            rows.append(row)
            if image is not None:
                array[filled] = image
                filled += 1
        array.flush()
        del array
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    current = store / _pixel_file(table)
    (store / "pixels.npy").rename(current)
    atomic.write_text(store / "index.csv", table.to_csv(index=False))
    atomic.write_json(store / "index.json", {"version": INDEX_VERSION, "root": str(root)})
    for stale in set(store.glob("pixels-*.npy")) - {current}:
        stale.unlink()
    return table


def _identity(file: FoundFile) -> tuple[str, int, int]:
    """What stays the same as long as a file need not be read again."""
    return file.path, file.bytes, file.modified


def _known(store: Path, kept: pd.DataFrame | None):
    """Rows of the earlier index by identity, with their place among its pixels (None if unreadable)."""
    if kept is None:
        return {}, None
    known, position = {}, 0
    for row in kept.to_dict("records"):
        readable = not row["problem"]
        known[row["path"], row["bytes"], row["modified"]] = (row, position if readable else None)
        position += readable
    return known, pixel_store.load(store / _pixel_file(kept))


def _row(file: FoundFile, decoded: pixel_store.Decoded, given: dict[str, str]) -> dict:
    patient, cause = patient_and_cause(file.path.rsplit("/", 1)[-1])
    return {
        "path": file.path,
        "split": file.split,
        "label": file.label,
        "patient": given.get(file.path, patient),
        "cause": cause,
        "width": decoded.width,
        "height": decoded.height,
        "bytes": file.bytes,
        "modified": file.modified,
        "sha256": decoded.sha256,
        "coloured": int(decoded.coloured),
        "problem": decoded.problem,
    }


def _dataset(root: Path, rows: pd.DataFrame, pixels: np.ndarray) -> Dataset:
    problems = [Problem(row.path, row.problem) for row in rows.itertuples() if row.problem]
    if len(problems) == len(rows):
        raise UserError(f"None of the {len(rows)} files in {root} can be read; {problems[0].message}")
    table = _readable(rows).drop(columns=["problem", "modified"]).reset_index(drop=True)
    problems += _problems_of_the_set(table)
    synthetic = (root / SYNTHETIC_MARK).exists()
    fingerprint = _fingerprint(table)
    return Dataset(root, table, pixels[: len(table)], tuple(problems), synthetic, fingerprint)


def _problems_of_the_set(table: pd.DataFrame) -> list[Problem]:
    found = []
    for split in ("train", "test"):
        present = set(table.loc[table["split"] == split, "label"])
        for label in CLASS_NAMES:
            if label not in present:
                found.append(Problem("", f"{split}/{label} holds no readable image."))
    unknown = int((table["patient"] == "").sum())
    if unknown:
        found.append(
            Problem(
                "",
                f"{unknown} file names do not tell the patient; each such image counts as a patient "
                "of its own, so validation may be flattered.",
            )
        )
    return found
