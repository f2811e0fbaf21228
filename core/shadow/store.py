"""What shadow models said: `shadow.sqlite` in the home, to which rows are only added.

It holds digests of files, labels and probabilities: no names, no pixels. An image counts once for each pair
of an active model and a shadow.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from core import config
from core.database import open_database, read_database, table_names
from core.errors import UserError
from core.sentence import Sentence

TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    time REAL NOT NULL, sha256 TEXT NOT NULL,
    active TEXT NOT NULL, active_label TEXT NOT NULL, active_probability REAL NOT NULL,
    shadow TEXT NOT NULL, shadow_label TEXT NOT NULL, shadow_probability REAL NOT NULL,
    PRIMARY KEY (sha256, active, shadow)
);
CREATE TABLE IF NOT EXISTS missed (
    time REAL NOT NULL, shadow TEXT NOT NULL, reason TEXT NOT NULL, images INTEGER NOT NULL
);
"""


class ShadowStore:
    """The answers of shadow models in a file, created on first use; processes may share it."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path or config.home() / "shadow.sqlite")

    def add(self, sha256: str, active: tuple[str, str, float], shadow: tuple[str, str, float]) -> None:
        """Keep what two models said of an image; it stays as it was where it is known.

        Args:
            sha256: of the image's file.
            active, shadow: identity of the model, its label, and its calibrated probability of pneumonia.

        Raises:
            UserError: the store cannot be written.
        """
        with self._opened() as database:
            row = (time.time(), sha256, *active, *shadow)
            database.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def add_missed(self, shadow: str, reason: str, images: int = 1) -> None:
        """Count images that a shadow did not read, and why; raises UserError if that cannot be written."""
        with self._opened() as database:
            database.execute("INSERT INTO missed VALUES (?, ?, ?, ?)", (time.time(), shadow, reason, images))

    def is_known(self, sha256: str, active: str, shadow: str) -> bool:
        """Whether a shadow has read an image beside the active model."""
        query = "SELECT 1 FROM answers WHERE sha256 = ? AND active = ? AND shadow = ?"
        with self._opened() as database:
            return database.execute(query, (sha256, active, shadow)).fetchone() is not None

    def answers(self, shadow: str) -> pd.DataFrame:
        """A row for each image that a shadow read, the oldest first; columns as in the table."""
        query = "SELECT * FROM answers WHERE shadow = ? ORDER BY time"
        with self._reading() as database:
            return pd.read_sql_query(query, database, params=(shadow,))

    def missed(self, shadow: str) -> dict[str, int]:
        """How many images a shadow did not read, by reason."""
        query = "SELECT reason, SUM(images) FROM missed WHERE shadow = ? GROUP BY reason ORDER BY 2 DESC"
        with self._reading() as database:
            return dict(database.execute(query, (shadow,)).fetchall())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection; its changes are on disk when the block ends."""
        with self._explained(), closing(open_database(self.path, TABLES, timeout=10)) as database, database:
            yield database

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read, also where nothing can be written; without a file, to empty tables."""
        with self._explained(), closing(self._readable()) as database:
            yield database

    def _readable(self) -> sqlite3.Connection:
        if self.path.exists():
            database = read_database(self.path, timeout=10)
            if "missed" in table_names(database):
                return database
            database.close()  # it is being created
        empty = sqlite3.connect(":memory:")
        empty.executescript(TABLES)
        return empty

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, pd.errors.DatabaseError, OSError) as error:
            raise UserError(
                Sentence(
                    "The answers of shadow models in {path} cannot be used: {error}.",
                    path=self.path,
                    error=str(error),
                )
            ) from error
