"""Images and results that were given up: back into the queue, by another process."""

import sqlite3
from contextlib import closing
from pathlib import Path

from core.dicom_node.queue_files import node_folder
from core.dicom_node.tables import DATABASE, FAILED, PROCESSED, RECEIVED, REFUSED, open_queue
from core.errors import UserError


def retry_given_up(folder: Path | None = None) -> int:
    """Let the node try them again, as often as the first time; how many.

    These are results that the receiver refused, and images whose processing ended unexpectedly; an image that
    cannot be processed for a reason of its own stays failed.

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
            anew = "UPDATE images SET state = ?, tries = 0, refusals = 0, due = 0 WHERE state = ?"
            ((refused,),) = database.execute(
                "SELECT COUNT(*) FROM images WHERE state = ? "  # else, another receiver waits as well
                "OR uid IN (SELECT uid FROM deliveries WHERE state = ?)",
                (REFUSED, REFUSED),
            )
            database.execute("DELETE FROM deliveries WHERE state = ?", (REFUSED,))
            database.execute(anew, (PROCESSED, REFUSED))
            failed = database.execute(f"{anew} AND refusals > 0", (RECEIVED, FAILED))
    except (sqlite3.Error, OSError) as error:
        raise UserError(f"The node's database {path} cannot be written: {error}.") from error
    return refused + failed.rowcount
