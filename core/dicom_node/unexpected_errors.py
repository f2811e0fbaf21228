"""Unexpected errors in the DICOM node: how they are told, and how many there were, by hours since 1970."""

import sqlite3
import time
import traceback
from pathlib import Path

from core.database import table_names
from core.errors import UserError

TABLE = """
CREATE TABLE IF NOT EXISTS unexpected_errors (
    activity TEXT, hour INTEGER, count INTEGER NOT NULL, PRIMARY KEY (activity, hour)
);
"""
PROCESSING, DELIVERY, DELETION = ACTIVITIES = ("processing", "delivery", "deletion")  # of the node
RECENT_HOURS = 24
OUTSIDE = (UserError, OSError, sqlite3.Error)  # of the disk, the network or the database: they may pass


def described(error: Exception) -> str:
    """An error for log and status: its text where that names no patient, else its kind and where it arose."""
    if isinstance(error, OUTSIDE):
        return str(error).rstrip(".")
    frame = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(at.filename).name}, line {at.lineno}" for at in frame)
    return f"unexpected {type(error).__name__}{where}"


def count_error(database: sqlite3.Connection, activity: str) -> None:
    """Count an unexpected error, within a transaction."""
    database.execute(
        "INSERT INTO unexpected_errors VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
        (activity, _hour()),
    )


def recent_errors(database: sqlite3.Connection) -> dict[str, int]:
    """Number of unexpected errors in the last 24 hours, by activity that had any."""
    return {activity: count for activity, count in _since(database, _hour() - RECENT_HOURS).items() if count}


def all_errors(database: sqlite3.Connection) -> dict[str, int]:
    """Number of unexpected errors ever by activity, also of one that had none."""
    return _since(database, 0)


def _since(database: sqlite3.Connection, hour: int) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(ACTIVITIES, 0)
    if "unexpected_errors" in table_names(database):  # not in a database of an earlier version
        query = "SELECT activity, SUM(count) FROM unexpected_errors WHERE hour >= ? GROUP BY activity"
        counts |= dict(database.execute(query, (hour,)).fetchall())
    return counts


def _hour() -> int:
    return int(time.time() // 3600)
