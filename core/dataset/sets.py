"""Data sets that this project keeps itself: imported or fetched, each under a name, in the published layout.

A set is put together in a folder that nobody sees and renamed into place when it is whole, so that
nothing half-imported stays. A user's own folder is never written to and never removed.
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from core import atomic, config
from core.config import CLASS_NAMES
from core.dataset.folder import SPLITS
from core.dataset.patients import PATIENTS_FILE
from core.errors import UserError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
GIBIBYTES = "PNEUMONIA_STUDIO_IMPORT_GIB"
FILES = "PNEUMONIA_STUDIO_IMPORT_FILES"


def sets_folder() -> Path:
    """Where the sets are kept."""
    return config.data_folder() / "sets"


def list_sets() -> list[Path]:
    """Folders of the sets, by name."""
    if not sets_folder().is_dir():
        return []
    return sorted(path for path in sets_folder().iterdir() if path.is_dir() and NAME.fullmatch(path.name))


def remove_set(name: str) -> None:
    """Delete a set that was imported or fetched.

    Raises:
        UserError: there is none of that name.
    """
    if name not in {path.name for path in list_sets()}:
        raise UserError(f"There is no imported set {name!r}; folders of your own are never removed.")
    gone = sets_folder() / f".removed-{secrets.token_hex(4)}"
    os.rename(sets_folder() / name, gone)
    shutil.rmtree(gone, ignore_errors=True)


class NewSet:
    """A set in the making, in a folder that nobody sees yet."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.count, self.bytes = 0, 0
        self.most_bytes = int(float(os.environ.get(GIBIBYTES) or 20) * 2**30)
        self.most_files = int(os.environ.get(FILES) or 200_000)
        self.patients: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def count_bytes(self, size: int) -> None:
        """Count what was really read; raises UserError when it is too much."""
        self.bytes += size
        if self.bytes > self.most_bytes:
            raise UserError(
                f"It unpacks to more than {self.most_bytes / 2**30:.3g} GiB; nothing was imported. "
                f"{GIBIBYTES} allows more."
            )

    def add(self, split: str, label: str, name: str, data: bytes, patient: str = "") -> None:
        """Add an image, unless the same one of that name, split and class is in already."""
        plain = UNSAFE.sub("_", name).lstrip(".") or "image"
        path = f"{split}/{label}/{plain[-120:]}"
        digest = hashlib.sha256(data).hexdigest()
        if self._digests.get(path) == digest:
            return
        if path in self._digests:
            path = f"{split}/{label}/{digest[:12]}-{plain[-100:]}"
        self.count += 1
        if self.count > self.most_files:
            raise UserError(
                f"It holds more than {self.most_files:,} images; nothing was imported. {FILES} allows more."
            )
        self._digests[path] = digest
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if patient:
            self.patients[path] = patient

    def check(self) -> None:
        """Raise UserError for what cannot be worked with."""
        labels = {path.split("/")[1] for path in self._digests}
        if not labels:
            raise UserError(
                "It holds no images in folders train/, val/ or test/ with NORMAL/ and PNEUMONIA/; "
                "nothing was imported."
            )
        if len(labels) < len(CLASS_NAMES):
            (missing,) = set(CLASS_NAMES) - labels
            raise UserError(f"It holds no image of the class {missing}; nothing was imported.")


@contextmanager
def new_set(name: str) -> Iterator[NewSet]:
    """Yield a set to be filled; it appears under `name` when the block ends well, else not at all.

    Raises:
        UserError: the name is taken or not allowed, the set is empty or lacks a class, or the disk is full.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"A set cannot be called {name!r}; use up to 64 letters, digits, dots, dashes and underscores."
        )
    target = sets_folder() / name
    if target.exists():
        raise UserError(f"There is a set {name} already. Remove it, or choose another name.")
    try:
        with atomic.new_folder(target) as unfinished:
            made = NewSet(unfinished)
            yield made
            made.check()
            if made.patients:
                table = pd.DataFrame(sorted(made.patients.items()), columns=["path", "patient"])
                table.to_csv(unfinished / PATIENTS_FILE, index=False)
    except OSError as error:
        raise UserError(f"The set could not be kept: {error.strerror}. Nothing was imported.") from error


def place_of(parts: list[str]) -> tuple[str, str] | None:
    """Split and class that folders stand for, at any depth; None where they name neither."""
    lower = [part.lower() for part in parts]
    for split, label in zip(lower, lower[1:], strict=False):
        if split in SPLITS and label.upper() in CLASS_NAMES:
            return split, label.upper()
    return None
