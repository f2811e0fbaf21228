"""Unexpected errors in the DICOM node: how they are told, and how many there were."""

import sqlite3
import traceback
from pathlib import Path

from core.database import table_names
from core.errors import UserError

TABLE = "CREATE TABLE IF NOT EXISTS errors (activity TEXT PRIMARY KEY, count INTEGER NOT NULL);"
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
        "INSERT INTO errors VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1", (activity,)
    )


def errors_in(database: sqlite3.Connection) -> dict[str, int]:
    """Number of unexpected errors by activity; {} in a database of an earlier version."""
    if "errors" not in table_names(database):
        return {}
    return dict(database.execute("SELECT activity, count FROM errors").fetchall())
