"""Audit logs with results that a test makes up."""

from collections.abc import Iterable
from contextlib import closing

from core.database import open_database
from core.inference import AuditLog

MODEL = "r/3 v1 (0123abcd)"
NOON = 1_767_268_800.0  # of 2026-01-01, UTC


def add_results(log: AuditLog, rows: Iterable[dict]) -> None:
    """Add results to a log at once.

    Args:
        rows: columns that differ from a negative result of `MODEL` with a probability of 0.2.
    """
    usual = {
        "time": NOON,
        "sha256": "digest",
        "run": "r",
        "stage": 3,
        "finding": "No pneumonia",
        "probability": 0.2,
        "threshold": 0.5,
        "rule": "half",
        "model": MODEL,
        "warned": 0,
    }
    log.results()  # creates it
    columns = [*usual, "brightness"]
    query = f"INSERT INTO answers ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    with closing(open_database(log.path, "")) as database, database:
        database.executemany(query, [[(usual | row).get(name) for name in columns] for row in rows])


def steady(count: int) -> list[dict]:
    """Results of which every fourth finds pneumonia and every tenth comes with a warning."""
    positive = {"finding": "Pneumonia", "probability": 0.9}
    return [
        (positive if number % 4 == 0 else {}) | {"warned": int(number % 10 == 0), "brightness": number % 7}
        for number in range(count)
    ]


WITHHELD = {"finding": "No result", "probability": None, "warned": None}
