"""When each local image was first read: criteria that were written later prove nothing on it.

A SQLite database of digests to which entries are only added.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from core import config
from core.database import errors_told, never_changed, open_database, read_database

PURPOSE = "It says when local images were first read."
TABLES = """
CREATE TABLE IF NOT EXISTS images (sha256 TEXT PRIMARY KEY, first_read REAL NOT NULL) WITHOUT ROWID;
""" + never_changed("images")


class ReadingLog:
    """The images that have been read, in a file that is created with the first of them."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path or config.home() / "site-readings.sqlite")

    def add(self, digests: Iterable[str], time: str) -> None:
        """Record that images were read; those that had been read before keep their time.

        Args:
            digests: SHA-256 of the image files.
            time: ISO 8601 with the offset from UTC.

        Raises:
            UserError: the log cannot be written.
        """
        seconds = datetime.fromisoformat(time).timestamp()
        with (
            errors_told(self.path, PURPOSE),
            closing(open_database(self.path, TABLES, timeout=10)) as database,
            database,
        ):
            rows = ((sha256, seconds) for sha256 in digests)
            database.executemany("INSERT OR IGNORE INTO images VALUES (?, ?)", rows)

    def read_before(self, time: str) -> frozenset[str]:
        """Digests of the images that were first read before a time, ISO 8601 with the offset from UTC.

        Raises:
            UserError: the log is damaged.
        """
        if not self.path.exists():
            return frozenset()
        seconds = datetime.fromisoformat(time).timestamp()
        with errors_told(self.path, PURPOSE), closing(read_database(self.path, timeout=10)) as database:
            rows = database.execute("SELECT sha256 FROM images WHERE first_read < ?", (seconds,))
            return frozenset(sha256 for (sha256,) in rows)
