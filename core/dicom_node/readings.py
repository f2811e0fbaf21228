"""Readers' findings on their way from the pages to the node, which delivers them as it does its own results.

They stand in the node's queue under a sender of their own, so that they are as durable and are retried alike.
Pages and node are processes of their own; each step here is one transaction.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core import atomic
from core.database import read_database, table_names
from core.dicom_node.queue_files import QueueFiles, node_folder
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.tables import DATABASE, PAGES, PROCESSED, open_queue
from core.errors import UserError

FILE = "reading.dcm"
RECALL_S = 60.0  # in which a finding can be taken back before the node sends it


def readings_wanted(folder: Path | None = None) -> bool:
    """Whether the node, as it was last started, sends readers' findings.

    Args:
        folder: of the queue; `node_folder()` if None.
    """
    path = Path(folder or node_folder()) / DATABASE
    if not path.exists():
        return False
    try:
        with closing(read_database(path)) as database:
            return "readings_wanted" in table_names(database) and bool(
                database.execute("SELECT 1 FROM readings_wanted").fetchone()
            )
    except sqlite3.Error:
        return False


def queue_reading(
    uid: str, study: str, data: bytes, seconds: float = RECALL_S, folder: Path | None = None
) -> None:
    """Add a reader's finding durably; the node sends it after some seconds.

    Args:
        uid, study: SOP and study instance UID.
        data: the DICOM file.
        seconds: in which it can be recalled.
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: it cannot be stored.
    """
    now = time.time()
    with _opened(folder) as (database, files):
        with atomic.replacing(_path(files, uid)) as temporary:
            temporary.write_bytes(data)
        with database:
            database.execute("INSERT INTO results VALUES (?, ?)", (uid, uid))
            database.execute(
                "INSERT INTO images (uid, study, sender, received, state, due, judged) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (uid, study, PAGES, now, PROCESSED, now + seconds, now),
            )


def recall_reading(uid: str, folder: Path | None = None) -> bool:
    """Take back a finding that is not to be sent yet; whether that was so.

    Args:
        uid: SOP instance UID.
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the queue cannot be written.
    """
    with _opened(folder) as (database, files):
        with database:
            recalled = database.execute(
                "DELETE FROM images WHERE uid = ? AND sender = ? AND state = ? AND tries = 0 AND due > ?",
                (uid, PAGES, PROCESSED, time.time()),
            )
        if recalled.rowcount:
            _path(files, uid).unlink(missing_ok=True)
    return bool(recalled.rowcount)


def _path(files: QueueFiles, uid: str) -> Path:
    return files.results(QueuedImage(uid, "", 0)) / FILE


@contextmanager
def _opened(folder: Path | None) -> Iterator[tuple[sqlite3.Connection, QueueFiles]]:
    """The node's database and its files."""
    folder = Path(folder or node_folder())
    try:
        with closing(open_queue(folder, timeout=10)) as database:
            yield database, QueueFiles(folder)
    except (sqlite3.Error, OSError) as error:
        raise UserError(f"Your reading cannot be handed to the DICOM node in {folder}: {error}.") from error
