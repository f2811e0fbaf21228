"""What models said of local images, on disk: the next step on the same images reads none of them again.

A SQLite database. An entry belongs to the digest of an image and to one of everything else that decides what
is said of it, so none is ever out of date. What a DICOM header says of the patient is not kept.
"""

import hashlib
import json
import os
import sqlite3
import sysconfig
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import core
from core import config
from core.database import open_database, read_database
from core.errors import UserError
from core.inference import Reader
from core.self_test import library_versions
from core.sentence import Sentence, joined

ENDINGS = ("", "-wal", "-shm")  # of the files of a database
TIMEOUT_S = 10  # to wait for another process that uses it
NO_DATABASE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
TABLES = """
CREATE TABLE IF NOT EXISTS readings (
    basis TEXT NOT NULL, sha256 TEXT NOT NULL, entry TEXT NOT NULL, seal TEXT NOT NULL,
    PRIMARY KEY (basis, sha256)
) WITHOUT ROWID;
"""


def reading_basis(reader: Reader) -> str:
    """SHA-256 of all that a reading depends on besides the image: model, lung network, program, libraries."""
    return _sha256(*reader.basis, _program())


class ReadingCache:
    """What one model said of images.

    Args:
        basis: as `reading_basis` gives it.
        path: of the database; in the home if not given.

    Attributes:
        damaged: how many entries were passed over because they are not as they were written.
        problem: why the database cannot be used, and what helps, in a sentence; "" if it can.
    """

    def __init__(self, basis: str, path: Path | None = None) -> None:
        self.basis = basis
        self.path = Path(path or reading_cache_path())
        self.damaged = 0
        self.problem = ""

    def get(self, digests: Sequence[str]) -> list[dict | None]:
        """What was said of each image, or None; nothing of a database that cannot be used.

        Args:
            digests: SHA-256 of image files; "" of one that cannot be read.
        """
        by_digest = self._entries() if self.path.exists() else {}
        return [by_digest.get(sha256) for sha256 in digests]

    def add(self, entries: Sequence[dict]) -> None:
        """Keep what was said of images.

        Args:
            entries: plain values; `sha256` is that of the image.
        """
        if self.problem:
            return
        texts = ((entry["sha256"], json.dumps(entry)) for entry in entries)
        rows = [(self.basis, sha256, text, _sha256(self.basis, sha256, text)) for sha256, text in texts]
        try:
            with closing(open_database(self.path, TABLES, timeout=TIMEOUT_S)) as database, database:
                database.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            self.problem = _problem(error)

    def sentences(self, used: int, images: int) -> list[str]:
        """What came from here, and what is wrong with it, one sentence each.

        Args:
            used: images of which something came from here.
            images: in all.
        """
        sentences = []
        if used:
            sentences.append(
                Sentence(
                    "{used:,} of {images:,} images had been read by this model before and were not read "
                    "again.",
                    used=used,
                    images=images,
                )
            )
        if self.damaged:
            sentences.append(
                Sentence("{damaged:,} kept readings were damaged and not used.", damaged=self.damaged)
            )
        return [*sentences, self.problem] if self.problem else sentences

    def _entries(self) -> dict[str, dict]:
        """What the model said, by digest of the image."""
        try:
            with closing(read_database(self.path, timeout=TIMEOUT_S)) as database:
                query = "SELECT sha256, entry, seal FROM readings WHERE basis = ?"
                rows = database.execute(query, (self.basis,)).fetchall()
        except sqlite3.Error as error:
            self.problem = _problem(error)
            return {}
        intact = [(sha256, text) for sha256, text, seal in rows if seal == _sha256(self.basis, sha256, text)]
        self.damaged = len(rows) - len(intact)
        return {sha256: json.loads(text) for sha256, text in intact}


def reading_cache_path() -> Path:
    """The database in the home."""
    return config.data_folder() / "readings.sqlite"


def reading_cache_size() -> int:
    """Bytes on disk."""
    return sum(path.stat().st_size for path in _files() if path.exists())


def clear_reading_cache() -> int:
    """Delete what is kept; the next measurement reads its images again.

    Returns:
        Bytes freed.

    Raises:
        UserError: another process uses the database, or it cannot be written.
    """
    before, path = reading_cache_size(), reading_cache_path()
    if not path.exists():
        return 0
    try:
        with closing(open_database(path, TABLES, timeout=TIMEOUT_S, isolation_level=None)) as database:
            for command in ("DELETE FROM readings", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                database.execute(command)
    except (sqlite3.Error, OSError) as error:
        if not _is_no_database(error):
            sentence = Sentence(
                "{path} cannot be cleared: {error}. Try again when it can be written.",
                path=path,
                error=str(error),
            )
            raise UserError(sentence) from error
        for file in _files():
            file.unlink(missing_ok=True)
    return before - reading_cache_size()


def _problem(error: Exception) -> str:
    """Why nothing is kept, and what helps; what another process uses is not to be deleted."""
    helps = (
        [Sentence("Delete {path} to keep them again.", path=reading_cache_path())]
        if _is_no_database(error)
        else []
    )
    return joined(
        [
            Sentence(
                "Readings cannot be kept ({error}), so the next step reads images again.", error=str(error)
            ),
            *helps,
        ],
        " ",
    )


def _is_no_database(error: Exception) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in NO_DATABASE  # the extended code has more bits


def _files() -> list[Path]:
    return [Path(f"{reading_cache_path()}{ending}") for ending in ENDINGS]


def _program() -> str:
    """SHA-256 of this program and of its libraries' versions: an update may say something else.

    One that was updated while this process runs is not what the process has loaded, so that nobody else can
    use what it says.
    """
    libraries = Path(sysconfig.get_path("purelib"))  # which each installation changes
    watched = [*_sources(), *([libraries] if libraries.exists() else [])]
    changed = max(path.stat().st_ctime for path in watched)
    return _sha256("updated since", os.getpid(), core.IMPORTED) if changed > core.IMPORTED else _loaded()


@cache
def _loaded() -> str:
    return _sha256(*(source.read_text(encoding="utf-8") for source in _sources()), repr(library_versions()))


def _sources() -> list[Path]:
    return sorted(Path(core.__file__).parent.rglob("*.py"))


def _sha256(*texts: object) -> str:
    return hashlib.sha256("\0".join(map(str, texts)).encode()).hexdigest()
