"""Which files a folder in the published layout holds: <split>/<CLASS>/<image>."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.config import CLASS_NAMES
from core.errors import UserError

SPLITS = ("train", "val", "test")
LAYOUT = "train/NORMAL, train/PNEUMONIA, test/NORMAL and test/PNEUMONIA (val/ may be missing)"
NOT_IMAGES = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class FoundFile:
    """A file before it is read: where it lies and what the file system says of it."""

    path: str  # relative to the root, with forward slashes
    split: str
    label: str
    bytes: int
    modified: int  # nanoseconds


def find_files(root: Path) -> list[FoundFile]:
    """Every file in the published layout below `root`, sorted by path.

    Files that systems leave behind (`.DS_Store`, `._*`, `Thumbs.db`, `__MACOSX`) are passed over.

    Raises:
        UserError: the folder is missing, cannot be read, or is laid out in another way.
    """
    try:
        if not root.exists():
            raise UserError(f"The folder {root} does not exist. Check the path.")
        if not root.is_dir():
            raise UserError(f"{root} is a file, not a folder. Give the folder that holds train/ and test/.")
        found = sorted(_walk(root), key=lambda file: file.path)
    except OSError as error:
        raise UserError(f"{root} cannot be read: {error.strerror}.") from error
    if not found:
        raise UserError(f"{root} holds no images in the expected layout: {LAYOUT}.{_hint(root)}")
    return found


def _walk(root: Path) -> Iterator[FoundFile]:
    for split in SPLITS:
        for label in CLASS_NAMES:
            folder = root / split / label
            if not folder.is_dir():
                continue
            for entry in os.scandir(folder):
                if entry.name.startswith(".") or entry.name.lower() in NOT_IMAGES:
                    continue
                if entry.is_file():
                    status = entry.stat()
                    path = f"{split}/{label}/{entry.name}"
                    yield FoundFile(path, split, label, status.st_size, status.st_mtime_ns)


def _hint(root: Path) -> str:
    for inner in sorted(root.iterdir()):
        if inner.is_dir() and (inner / "train").is_dir():
            return f" Did you mean {inner}?"
    return ""
