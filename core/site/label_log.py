"""Labels that readers gave to images in the app: on disk, by digest, beside every data set and in none.

A SQLite database to which entries are only added: a label that a reader changes is a new entry, so the number
of the last entry names a version of all labels.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from core import config
from core.config import CLASS_NAMES
from core.database import errors_told, never_changed, open_database, read_database
from core.dataset import reader_name
from core.errors import UserError
from core.sentence import Sentence

NOT_SURE = "not sure"
LABELS = (*CLASS_NAMES, NOT_SURE)  # that a reader can give
PURPOSE = "It holds the labels that readers gave."
TABLES = """
CREATE TABLE IF NOT EXISTS labels (
    version INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, sha256 TEXT NOT NULL,
    reader TEXT NOT NULL, label TEXT NOT NULL, consensus INTEGER NOT NULL
);
""" + never_changed("labels")


class LabelLog:
    """The labels in a file, created with the first of them."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path or config.home() / "labels.sqlite")

    def add(self, sha256: str, reader: str, label: str, consensus: bool = False) -> None:
        """Add a reader's label of an image; it is on disk when this returns.

        Args:
            sha256: of the image file.
            reader: name or e-mail address.
            label: one of `LABELS`.
            consensus: whether the readers agreed on it after they had disagreed; it outweighs the others.

        Raises:
            UserError: the reader has no name, the label is none, or the log cannot be written.
        """
        reader = reader_name(reader)
        if label not in LABELS:
            raise UserError(
                Sentence(
                    "{label!r} is no label that a reader gives; give one of {choices}.",
                    label=label,
                    choices=", ".join(LABELS),
                )
            )
        with self._opened() as database:
            database.execute(
                "INSERT INTO labels (time, sha256, reader, label, consensus) VALUES (?, ?, ?, ?, ?)",
                (time.time(), sha256, reader, label, int(consensus)),
            )

    def of_reader(self, reader: str) -> dict[str, str]:
        """A reader's own last labels by digest."""
        entries = self.entries()
        own = entries[(entries["reader"] == " ".join(reader.split())) & ~entries["consensus"]]
        return dict(zip(own["sha256"], own["label"], strict=True))

    def entries(self) -> pd.DataFrame:
        """Every entry, the oldest first.

        Returns:
            Columns version, time (s since 1970), sha256, reader, label, consensus (bool).
        """
        if not self.path.exists():
            columns = {"version": int, "time": float, "sha256": str, "reader": str, "label": str}
            return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()}).assign(
                consensus=pd.Series(dtype=bool)
            )
        with errors_told(self.path, PURPOSE), closing(read_database(self.path, timeout=10)) as database:
            entries = pd.read_sql_query("SELECT * FROM labels ORDER BY version", database)
        return entries.astype({"consensus": bool})

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection; its changes are on disk when the block ends."""
        with (
            errors_told(self.path, PURPOSE),
            closing(open_database(self.path, TABLES, timeout=10)) as database,
            database,
        ):
            yield database
