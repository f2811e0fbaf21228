"""The database of the node's queue: its tables, and the states of an image in it."""

import sqlite3
from pathlib import Path
from typing import Any

from core.config import old_names
from core.database import open_database
from core.dicom_node import latencies, unexpected_errors

DATABASE = "node.sqlite"
RECEIVED, PROCESSED, DELIVERED, FAILED = "received", "judged", "delivered", "failed"  # states; old names
IGNORED, IN_SHADOW, DELETED = "ignored", "shadow", "deleted"  # by a rule, by a rule, failed long ago
REFUSED = "refused"  # the receiver does not store the results
REFUSED_DELETED = "refused-deleted"  # long ago
PAGES = "\\pages"  # the sender of readers' findings; no AE title has a backslash
TABLES = """
CREATE TABLE IF NOT EXISTS images (
    uid TEXT PRIMARY KEY, study TEXT NOT NULL, sender TEXT NOT NULL, received REAL NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0, judged REAL, delivered REAL, refusals INTEGER NOT NULL DEFAULT 0,
    ended REAL, kinds TEXT
);
CREATE INDEX IF NOT EXISTS by_state ON images (state, study);
CREATE TABLE IF NOT EXISTS deliveries (
    uid TEXT, receiver TEXT, state TEXT NOT NULL, reason TEXT NOT NULL, tries INTEGER NOT NULL,
    refusals INTEGER NOT NULL, due REAL NOT NULL, PRIMARY KEY (uid, receiver)
);
CREATE TABLE IF NOT EXISTS results (uid TEXT PRIMARY KEY, image TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS readings_wanted (yes INTEGER NOT NULL);
"""
ADDED = {
    "images": {"refusals": "INTEGER NOT NULL DEFAULT 0", "ended": "REAL", "kinds": "TEXT"}
}  # columns since 0.2.0


def open_queue(folder: Path, **options: Any) -> sqlite3.Connection:
    """Open the database of a queue, also of one that an earlier version left, and create what is missing.

    Args:
        folder: of the queue.
        options: keyword arguments of `sqlite3.connect`.

    Raises:
        OSError, sqlite3.Error: it cannot be created or used.
    """
    tables = TABLES + latencies.TABLE + unexpected_errors.TABLE
    return open_database(folder / DATABASE, tables, old_names.NODE_TABLES, ADDED, **options)
