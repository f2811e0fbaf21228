"""SQLite as we use it: what was committed is on disk, whatever ends the process or the computer."""

import sqlite3
from pathlib import Path


def connected(path: Path, tables: str, **options) -> sqlite3.Connection:
    """A connection whose commits are durable, to a database that has its tables; made where it is missing.

    Args:
        path: of the file.
        tables: SQL that makes the tables that are missing.
        options: of `sqlite3.connect`.

    Raises:
        OSError, sqlite3.Error: it cannot be made or used.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, **options)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.executescript(tables)
    return database
