"""SQLite databases whose commits are durable: they survive a crash of the process or the computer."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import UserError
from core.sentence import Sentence

PATIENCE_S = 5.0  # SQLite's own, for other processes that write
RETRY_S = 0.01


def open_database(
    path: Path,
    tables: str,
    renamed: Mapping[str, str] = MappingProxyType({}),
    added: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    **options: Any,
) -> sqlite3.Connection:
    """Open a database with its tables, and create what is missing.

    Args:
        path: database file.
        tables: SQL that creates the missing tables.
        renamed: new names of tables by the names that earlier versions gave them.
        added: columns that earlier versions did not have, by table: their types by name.
        options: keyword arguments of `sqlite3.connect`.

    Raises:
        OSError, sqlite3.Error: the database cannot be created or used.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, **options)
    _write_ahead(database, options.get("timeout", PATIENCE_S))
    database.execute("PRAGMA synchronous=FULL")
    existing = table_names(database)
    for old, new in renamed.items():
        if old in existing and new not in existing:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")
    database.executescript(tables)
    for table, columns in added.items():
        present = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        for name in columns.keys() - present:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
    return database


def read_database(path: Path, timeout: float = PATIENCE_S) -> sqlite3.Connection:
    """Open an existing database to read it, also where nothing can be written.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=timeout)
    try:
        table_names(database)
    except sqlite3.OperationalError:  # write-ahead mode wants to write, even to read
        database.close()
        database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
        table_names(database)
    return database


def _write_ahead(database: sqlite3.Connection, patience_s: float) -> None:
    """Turn on write-ahead mode, for which SQLite itself does not wait while another process does the same."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            database.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_S)


@contextmanager
def errors_told(path: Path, purpose: str) -> Iterator[None]:
    """Errors of a database as UserError.

    Args:
        path: of the database.
        purpose: what it is for, in a sentence.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            Sentence(
                "{path} cannot be used: {error}. {purpose} Restore it from a backup.",
                path=path,
                error=str(error),
                purpose=purpose,
            )
        ) from error


def never_changed(table: str) -> str:
    """SQL that refuses every change to the rows of a table: they are only added."""
    return "".join(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are only added'); END;\n"
        for event in ("UPDATE", "DELETE")
    )


def table_names(database: sqlite3.Connection) -> set[str]:
    """Names of the tables of a database."""
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
