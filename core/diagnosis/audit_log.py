"""What was answered and what readers made of it, on disk where somebody asked for that.

A SQLite database in write-ahead mode: what was written before a crash is there after it. It holds the digests
of files, no names, ids or dates of patients.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core import config
from core.diagnosis.database import connected
from core.diagnosis.reading import Reading
from core.errors import UserError
from core.evaluation import wilson
from core.weights import ModelRecord

TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    time REAL NOT NULL, sha256 TEXT NOT NULL, run TEXT NOT NULL, stage INTEGER NOT NULL,
    finding TEXT NOT NULL, probability REAL, threshold REAL NOT NULL, rule TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS notes (
    time REAL NOT NULL, sha256 TEXT NOT NULL, run TEXT NOT NULL, stage INTEGER NOT NULL,
    agreement TEXT NOT NULL, own TEXT NOT NULL, changed INTEGER NOT NULL
);
"""
AGREEMENTS = ("agree", "disagree", "not sure")


@dataclass(frozen=True)
class Note:
    """What a reader thinks of an answer.

    Attributes:
        agreement: one of `AGREEMENTS`.
        own: her own finding, in her words.
        changed: whether the answer changed it.
    """

    agreement: str
    own: str = ""
    changed: bool = False


class AuditLog:
    """The log in a file, made when it is first written to."""

    def __init__(self, path: Path | None = None):
        self.path = Path(path or config.home() / "audit.sqlite")

    def add_answer(self, reading: Reading, record: ModelRecord) -> None:
        """Write down an answer, or that it was withheld; raises UserError when that cannot be done."""
        probability = None if reading.withheld else reading.prediction.probability
        row = (
            time.time(),
            reading.film.sha256,
            record.run,
            record.stage,
            reading.finding,
            probability,
            record.threshold,
            record.threshold_rule,
        )
        with self._opened() as database:
            database.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def add_note(self, sha256: str, record: ModelRecord, note: Note) -> None:
        """Write down what a reader thinks; raises UserError when that cannot be done."""
        row = (time.time(), sha256, record.run, record.stage, note.agreement, note.own, note.changed)
        with self._opened() as database:
            database.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def answers(self) -> pd.DataFrame:
        """All answers, the oldest first."""
        return self._table("answers")

    def notes(self) -> pd.DataFrame:
        """All notes, the oldest first."""
        return self._table("notes")

    def _table(self, name: str) -> pd.DataFrame:
        with self._opened() as database:
            return pd.read_sql_query(f"SELECT * FROM {name} ORDER BY rowid", database)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are on disk when it is left."""
        try:
            with closing(connected(self.path, TABLES, timeout=10)) as database, database:
                yield database
        except (sqlite3.Error, OSError) as error:
            raise UserError(f"The audit log {self.path} cannot be used: {error}.") from error


def agreement_rate(notes: pd.DataFrame) -> str:
    """How often readers agreed, in words, with Wilson's 95 % interval; the last note on each film counts."""
    last = notes.drop_duplicates(["sha256", "run", "stage"], keep="last")
    sure = last[last["agreement"] != "not sure"]
    if sure.empty:
        return "No reader has agreed or disagreed yet."
    agreed = int((sure["agreement"] == "agree").sum())
    low, high = wilson(agreed, len(sure))
    unsure = len(last) - len(sure)
    return (
        f"Readers agreed with {agreed} of {len(sure)} answers: {agreed / len(sure):.0%} "
        f"({low:.0%} to {high:.0%}). Not sure: {unsure}. Answers that changed a finding: "
        f"{int(last['changed'].sum())}."
    )
