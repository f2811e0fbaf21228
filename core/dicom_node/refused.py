"""Results that the receiver refused until they were given up: back into the queue, by another process."""

import sqlite3
from contextlib import closing
from pathlib import Path

from core.dicom_node.queue import node_folder
from core.dicom_node.tables import DATABASE, PROCESSED, REFUSED, open_queue
from core.errors import UserError


def retry_refused(folder: Path | None = None) -> int:
    """Let the node send them again, as often as the first time; how many.

    Args:
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the queue cannot be written.
    """
    folder = Path(folder or node_folder())
    path = folder / DATABASE
    if not path.exists():
        return 0
    try:
        with closing(open_queue(folder, timeout=10)) as database, database:
            changed = database.execute(
                "UPDATE images SET state = ?, tries = 0, refusals = 0, due = 0 WHERE state = ?",
                (PROCESSED, REFUSED),
            )
    except (sqlite3.Error, OSError) as error:
        raise UserError(f"The node's database {path} cannot be written: {error}.") from error
    return changed.rowcount
