"""The log of the registry: who made which model active or a shadow, when and why."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.database import open_database, read_database, table_names
from core.errors import UserError
from core.registry.storage import current_state, registry_folder
from core.sentence import Sentence
from core.weights import model_title

TABLES = """
CREATE TABLE IF NOT EXISTS events (
    time REAL NOT NULL, action TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL,
    sha256 TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL, checks TEXT NOT NULL,
    PRIMARY KEY (time, action, model, version)
);
"""


@dataclass(frozen=True)
class Event:
    """Something that was decided.

    Attributes:
        action: `promote`, `rollback`, `shadow`, `stop shadow`, `retire`, `operating point`,
            `site operating point`, `site zones`, `site temperature`, `ensemble` or `migrate`.
        model, version: name and version of the model concerned; version 0 is the bundled model.
        sha256: digest of its weights file.
        who: decided it.
        reason: why, in their words; the reason for an override where a check had failed.
        checks: the checklist as it stood: title, result, detail.
        time: seconds since 1970.
    """

    action: str
    model: str
    version: int
    sha256: str
    who: str
    reason: str
    checks: tuple[tuple[str, str, str], ...] = ()
    time: float = 0.0

    @property
    def title(self) -> str:
        """Name and version of the model concerned."""
        return model_title(self.model, self.version)

    @property
    def key(self) -> tuple[float, str, str, int]:
        """What identifies it in the log."""
        return self.time, self.action, self.model, self.version


def add_event(event: Event) -> None:
    """Add an event to the log; raises UserError if the log cannot be written."""
    with _opened() as log:
        _insert(log, event)


def events() -> list[Event]:
    """Every event, the oldest first.

    One whose process was killed before it was logged is added now; where nothing can be written, to the list
    alone.

    Raises:
        UserError: the log is damaged.
    """
    active = current_state().event
    last = Event(**{**active, "checks": tuple(map(tuple, active["checks"]))}) if active else None
    logged = _logged()
    if last and last.key not in {event.key for event in logged}:
        with suppress(UserError):
            add_event(last)
        logged = sorted([*logged, last], key=lambda event: event.time)
    return logged


def last_events() -> dict[str, Event]:
    """The last event of each model, by its title; raises UserError if the log is damaged."""
    return {event.title: event for event in events()}


def _logged() -> list[Event]:
    """The events of the log; [] if there is none."""
    if not _path().exists():
        return []
    try:
        with closing(read_database(_path(), timeout=10)) as log:
            if "events" not in table_names(log):  # it is being created
                return []
            rows = log.execute(
                "SELECT action, model, version, sha256, who, reason, checks, time FROM events ORDER BY time"
            ).fetchall()
    except sqlite3.Error as error:
        raise UserError(
            Sentence("The registry's log {path} cannot be used: {error}.", path=_path(), error=str(error))
        ) from error
    return [
        Event(action, model, version, sha256, who, reason, tuple(map(tuple, json.loads(checks))), moment)
        for action, model, version, sha256, who, reason, checks, moment in rows
    ]


def _insert(log: sqlite3.Connection, event: Event) -> None:
    log.execute(
        "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.time,
            event.action,
            event.model,
            event.version,
            event.sha256,
            event.who,
            event.reason,
            json.dumps(event.checks),
        ),
    )


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    try:
        with closing(open_database(_path(), TABLES, timeout=10)) as log, log:
            yield log
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            Sentence("The registry's log {path} cannot be used: {error}.", path=_path(), error=str(error))
        ) from error


def _path() -> Path:
    return registry_folder() / "log.sqlite"
