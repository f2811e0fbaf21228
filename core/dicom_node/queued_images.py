"""The images in the queue of the DICOM node: what one is, and their rows in the database."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.dicom_node.tables import open_queue


@dataclass(frozen=True)
class QueuedImage:
    """An image in the queue.

    Attributes:
        uid, study: SOP and study instance UID.
        received: seconds since 1970; an image that is sent again has a new value.
        tries: how often the step that it waits for, processing or delivery, has failed.
        refusals: how many of these times the receiver refused an object, or something unexpected happened.
        sender: AE title, or `PAGES` for a reader's finding, which is its own result.
        kinds: of objects, separated by commas, that its results were made for; None where that is unknown.
    """

    uid: str
    study: str
    received: float
    tries: int = 0
    refusals: int = 0
    sender: str = ""
    kinds: str | None = None

    @property
    def key(self) -> str:
        """Name of its files, without extension."""
        return hashlib.sha256(self.uid.encode()).hexdigest()

    @property
    def log_name(self) -> str:
        """What all log lines about the image call it, from reception to delivery."""
        return self.key[:12]


class QueuedImages:
    """The rows of images in a queue's database; threads may share it.

    Args:
        folder: of the queue.

    Raises:
        OSError, sqlite3.Error: the database cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._database = open_queue(folder, check_same_thread=False)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads away, from files too."""
        with self._lock:
            yield

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The database, in one transaction, without other threads."""
        with self._lock, self._database:
            yield self._database

    def update(self, image: QueuedImage, current: str, /, **changes: str | float | None) -> bool:
        """Change an image's row within a transaction; whether it was changed.

        It is not if the image was sent again meanwhile, or is no longer in the current state.
        """
        columns = ", ".join(f"{name} = ?" for name in changes)
        cursor = self._database.execute(
            f"UPDATE images SET {columns} WHERE uid = ? AND received = ? AND state = ?",
            (*changes.values(), image.uid, image.received, current),
        )
        return cursor.rowcount == 1

    def where(self, condition: str, *values: str | float) -> list[QueuedImage]:
        """The images for which a condition of SQL holds, the first received first."""
        columns = "uid, study, received, tries, refusals, sender, kinds"
        rows = self.rows(f"SELECT {columns} FROM images WHERE {condition} ORDER BY received", *values)
        return [QueuedImage(*row) for row in rows]

    def rows(self, query: str, *values: str | float) -> list[tuple]:
        """What a query gives."""
        with self._lock:
            return self._database.execute(query, values).fetchall()
