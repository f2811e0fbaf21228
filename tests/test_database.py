"""Databases that several processes open at once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from core.database import open_database, table_names

TABLES = "CREATE TABLE IF NOT EXISTS images (uid TEXT)"


def test_a_database_that_another_process_is_creating_is_waited_for(tmp_path):
    """SQLite gives up at once where both have read the empty file and one of them is about to write it."""
    path = tmp_path / "new.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor() as threads:
        other.execute("BEGIN IMMEDIATE")
        opening = threads.submit(open_database, path, TABLES, timeout=60, check_same_thread=False)
        with pytest.raises(TimeoutError):
            opening.result(0.3)
        other.execute("ROLLBACK")
        with closing(opening.result(60)) as database:
            assert table_names(database) == {"images"}


def test_a_database_that_stays_locked_is_an_error_after_a_while(tmp_path):
    path = tmp_path / "locked.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            open_database(path, TABLES, timeout=0.2)
