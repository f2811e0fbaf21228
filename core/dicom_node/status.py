"""Status of the DICOM node, read from its queue while it runs or after it has ended."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from core.config import old_names
from core.database import read_database, table_names
from core.dicom_node.latencies import Latencies, latencies_in
from core.dicom_node.queue_files import node_folder
from core.dicom_node.tables import (
    DATABASE,
    DELETED,
    DELIVERED,
    FAILED,
    IGNORED,
    IN_SHADOW,
    PAGES,
    PROCESSED,
    RECEIVED,
    REFUSED,
    REFUSED_DELETED,
)
from core.dicom_node.unexpected_errors import all_errors, recent_errors
from core.errors import UserError

MAX_REASONS = 20
Read = TypeVar("Read")


@dataclass(frozen=True)
class NodeStatus:
    """Counts of a node's images.

    Attributes:
        received: images in all.
        processed: images with results.
        delivered: images whose results the remote AE has stored.
        pending: images to process or results to deliver.
        failed: images that cannot be processed.
        deleted: images whose files were deleted because they had failed, or were refused, long ago.
        ignored: images that a rule keeps from being processed.
        in_shadow: images that were read, but whose results a rule keeps from being sent.
        shadow_findings: number of these by finding.
        refused: images, and readers' findings, whose results a receiver does not store; those that wait for
            another receiver are pending, too.
        refusals: number of these by reason.
        readings, sent_readings: readers' findings that wait, and those that the remote AE has stored.
        reasons: number of failed images by reason.
        delivery_error: why the last delivery failed; "" if it succeeded.
        errors: number of unexpected errors in the last 24 hours by activity of the node.
    """

    received: int = 0
    processed: int = 0
    delivered: int = 0
    pending: int = 0
    failed: int = 0
    deleted: int = 0
    ignored: int = 0
    in_shadow: int = 0
    shadow_findings: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    readings: int = 0
    sent_readings: int = 0
    delivery_error: str = ""
    errors: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict:
        """The counts as plain values, also under the keys of earlier versions."""
        return old_names.with_both(asdict(self), old_names.NODE_STATUS)


def node_status(folder: Path | None = None) -> NodeStatus | None:
    """Status of the node; None if none was ever started.

    Args:
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the database cannot be read.
    """
    return _read(folder, _status)


def node_latencies(folder: Path | None = None) -> dict[str, Latencies]:
    """Times of images from reception, by step; {} if none was counted.

    Args:
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the database cannot be read.
    """
    return _read(folder, latencies_in) or {}


def node_errors(folder: Path | None = None) -> dict[str, int]:
    """Number of all unexpected errors by activity of the node; {} if none was ever started.

    Args:
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the database cannot be read.
    """
    return _read(folder, all_errors) or {}


def _read(folder: Path | None, read: Callable[[sqlite3.Connection], Read]) -> Read | None:
    path = Path(folder or node_folder()) / DATABASE
    if not path.exists():
        return None
    try:
        with closing(read_database(path)) as database:
            return read(database)
    except sqlite3.Error as error:
        raise UserError(f"The node's database {path} cannot be read: {error}.") from error


def _refused_by_one(database: sqlite3.Connection) -> Counter[str]:
    """Images, and readers' findings, that one receiver does not store and another waits for, by reason."""
    if "deliveries" not in table_names(database):
        return Counter()
    return Counter(
        dict(
            database.execute(
                "SELECT reason, COUNT(*) FROM (SELECT GROUP_CONCAT(deliveries.reason, '; ') AS reason "
                "FROM deliveries JOIN images USING (uid) WHERE deliveries.state = ? AND images.state != ? "
                "GROUP BY uid) GROUP BY reason",
                (REFUSED, REFUSED),
            )
        )
    )


def _status(database: sqlite3.Connection) -> NodeStatus:
    existing = table_names(database)
    table = next((old for old in old_names.NODE_TABLES if old in existing), "images")
    by_state = f"SELECT state, COUNT(*) FROM {table} WHERE sender {{}} ? GROUP BY state"
    counts = dict(database.execute(by_state.format("!="), (PAGES,)))
    readings = dict(database.execute(by_state.format("="), (PAGES,)))

    def by_reason(*states: str) -> dict[str, int]:
        """The most frequent texts of the column `reason`, and how often each occurs."""
        marks = ", ".join("?" * len(states))
        return dict(
            database.execute(
                f"SELECT reason, COUNT(*) FROM {table} WHERE state IN ({marks}) GROUP BY reason "
                "ORDER BY COUNT(*) DESC LIMIT ?",
                (*states, MAX_REASONS),
            )
        )

    waiting, refusals = _refused_by_one(database), Counter(by_reason(REFUSED, REFUSED_DELETED))
    delivery_errors = [reason for reason in by_reason(PROCESSED) if reason]
    refused = counts.get(REFUSED, 0) + counts.get(REFUSED_DELETED, 0)
    undelivered, delivered = counts.get(PROCESSED, 0), counts.get(DELIVERED, 0)
    return NodeStatus(
        received=sum(counts.values()),
        processed=undelivered + delivered + refused,
        delivered=delivered,
        pending=counts.get(RECEIVED, 0) + undelivered,
        failed=counts.get(FAILED, 0) + counts.get(DELETED, 0),
        deleted=counts.get(DELETED, 0) + counts.get(REFUSED_DELETED, 0),
        ignored=counts.get(IGNORED, 0),
        in_shadow=counts.get(IN_SHADOW, 0),
        shadow_findings=by_reason(IN_SHADOW),
        refused=refused + readings.get(REFUSED, 0) + waiting.total(),
        refusals=dict((refusals + waiting).most_common(MAX_REASONS)),
        readings=readings.get(PROCESSED, 0),
        sent_readings=readings.get(DELIVERED, 0),
        reasons=by_reason(FAILED, DELETED),
        delivery_error=next(iter(delivery_errors), ""),
        errors=recent_errors(database),
    )
