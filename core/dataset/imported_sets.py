"""Imported and downloaded data sets, which the project stores itself, in the published layout.

A data set is written to a temporary folder and renamed into place when it is complete, so that no partial
from core.sentence import Sentence
import is left behind. A user's own folder is never written to and never removed.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pandas as pd

from core import atomic, config
from core.config import CLASS_NAMES, environment
from core.dataset.patients import PATIENTS_FILE
from core.disk import explained
from core.errors import UserError, sentence_of
from core.images import PassedOver
from core.roles import Role, takes
from core.sentence import Sentence, joined

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PASSED_OVER_FILE = "passed-over.json"  # of an imported data set: what its source held besides, in sentences
UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")


def imported_folder() -> Path:
    """Folder that holds the imported data sets."""
    return config.data_folder() / "sets"


def list_imported_sets() -> list[Path]:
    """Folders of the imported data sets, sorted by name."""
    if not imported_folder().is_dir():
        return []
    return sorted(path for path in imported_folder().iterdir() if path.is_dir() and NAME.fullmatch(path.name))


@takes(Role.TRAINER)
def remove_imported_set(name: str) -> None:
    """Delete an imported or downloaded data set.

    Raises:
        UserError: no imported data set has that name.
    """
    if name not in {path.name for path in list_imported_sets()}:
        raise UserError(
            Sentence("There is no imported data set {name!r}. Your own folders are never removed.", name=name)
        )
    removed = imported_folder() / f".removed-{secrets.token_hex(4)}"
    os.rename(imported_folder() / name, removed)
    shutil.rmtree(removed, ignore_errors=True)


class DatasetWriter:
    """Writes the images of a new data set into a temporary folder.

    Args:
        folder: the temporary one.
        local: whether they are a hospital's images, which need no split and no label.
    """

    def __init__(self, folder: Path, local: bool = False) -> None:
        self.folder, self.local = folder, local
        self.count, self.bytes = 0, 0
        self.max_bytes = int(environment.IMPORT_GIB.value() * 2**30)
        self.max_files = environment.IMPORT_FILES.value()
        self.patients: dict[str, str] = {}
        self.passed_over = PassedOver()
        self._digests: dict[str, str] = {}

    def count_bytes(self, size: int) -> None:
        """Count bytes as they are read; raises UserError above the limit."""
        self.bytes += size
        if self.bytes > self.max_bytes:
            raise UserError(
                Sentence(
                    "The data set unpacks to more than {most:.3g} GiB; nothing was imported. Raise "
                    "{name} to allow more.",
                    most=self.max_bytes / 2**30,
                    name=environment.IMPORT_GIB.name,
                )
            )

    def add(self, split: str, label: str, name: str, data: bytes, patient: str = "") -> bool:
        """Add an image; False if the same image of that name, split and class has been added already."""
        plain = UNSAFE_CHARACTERS.sub("_", name).lstrip(".") or "image"
        path = f"{split}/{label}/{plain[-120:]}"
        digest = hashlib.sha256(data).hexdigest()
        if self._digests.get(path) == digest:
            return False
        if path in self._digests:  # the name's beginning may tell the patient
            short = PurePosixPath(plain[-100:])
            path = f"{split}/{label}/{short.stem}-{digest[:12]}{short.suffix}"
            if path in self._digests:
                return False
        self.count += 1
        if self.count > self.max_files:
            raise UserError(
                Sentence(
                    "The data set contains more than {most:,} images; nothing was imported. Raise "
                    "{name} to allow more.",
                    most=self.max_files,
                    name=environment.IMPORT_FILES.name,
                )
            )
        self._digests[path] = digest
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if patient:
            self.patients[path] = patient
        return True

    def check(self) -> None:
        """Raise UserError if the data set is empty or, unless its images are local, lacks a class."""
        labels = {path.split("/")[1] for path in self._digests}
        if not labels:
            sentence = (
                Sentence("There are no images; nothing was imported.")
                if self.local
                else Sentence(
                    "There are no images in folders train/, val/ or test/ with NORMAL/ and PNEUMONIA/; "
                    "nothing was imported."
                )
            )
            raise UserError(joined([sentence, *self.passed_over.sentences()], " "))
        if not self.local and len(labels) < len(CLASS_NAMES):
            (missing,) = (name for name in CLASS_NAMES if name not in labels)
            raise UserError(
                Sentence("There are no images of the class {missing}; nothing was imported.", missing=missing)
            )


def passed_over_at_import(root: Path) -> list[str]:
    """What the source of an imported data set held besides, one sentence per reason."""
    try:
        return json.loads((root / PASSED_OVER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


@contextmanager
def new_dataset(name: str, local: bool = False) -> Iterator[DatasetWriter]:
    """Yield a writer; the data set appears under `name` if the block succeeds, else not at all.

    Args:
        name: of the data set.
        local: as for `DatasetWriter`.

    Raises:
        UserError: the name is taken or not allowed, the data set is empty or lacks a class, or the disk
            is full.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            Sentence(
                "A data set cannot be called {name!r}; use up to 64 letters, digits, dots, dashes and "
                "underscores.",
                name=name,
            )
        )
    target = imported_folder() / name
    if target.exists():
        raise UserError(
            Sentence("A data set called {name} exists already. Remove it, or choose another name.", name=name)
        )
    try:
        with atomic.new_folder(target) as temporary:
            writer = DatasetWriter(temporary, local)
            yield writer
            writer.check()
            if writer.patients:
                table = pd.DataFrame(sorted(writer.patients.items()), columns=["path", "patient"])
                table.to_csv(temporary / PATIENTS_FILE, index=False)
            if sentences := writer.passed_over.sentences():
                atomic.write_json(temporary / PASSED_OVER_FILE, sentences)
    except OSError as error:
        reason = sentence_of(explained(error, target))
        raise UserError(joined([reason, Sentence("Nothing was imported.")], " ")) from error
