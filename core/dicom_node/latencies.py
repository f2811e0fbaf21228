"""How long images take in the DICOM node: numbers that only grow, counted with the change they belong to."""

import sqlite3
from bisect import bisect_left
from dataclasses import dataclass

from core.database import table_names

RESULT, DELIVERY = "result", "delivery"  # steps; both count from reception
LIMITS_S = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, float("inf"))
TABLE = """
CREATE TABLE IF NOT EXISTS latencies (
    step TEXT, most REAL, images INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (step, most)
);
"""


@dataclass(frozen=True)
class Latencies:
    """Times from reception to a step.

    Attributes:
        images: number of images by the limit in seconds that they kept and no lower one, ascending.
        seconds: the sum of all times.
    """

    images: dict[float, int]
    seconds: float


def count_latency(database: sqlite3.Connection, step: str, seconds: float) -> None:
    """Count an image, within the transaction that records its step."""
    most = LIMITS_S[bisect_left(LIMITS_S, seconds)]
    database.execute(
        "INSERT INTO latencies VALUES (?, ?, 1, ?) "
        "ON CONFLICT DO UPDATE SET images = images + 1, seconds = seconds + excluded.seconds",
        (step, most, seconds),
    )


def latencies_in(database: sqlite3.Connection) -> dict[str, Latencies]:
    """Times by step; {} in a database of an earlier version."""
    if "latencies" not in table_names(database):
        return {}
    rows = database.execute("SELECT step, most, images, seconds FROM latencies").fetchall()
    steps = {}
    for step in (RESULT, DELIVERY):
        counted = {most: images for name, most, images, _ in rows if name == step}
        images = {limit: counted.get(limit, 0) for limit in LIMITS_S}
        steps[step] = Latencies(images, sum(seconds for name, *_, seconds in rows if name == step))
    return steps
