"""The audit log: results and what readers concluded, on disk if the user wants it.

A SQLite database in write-ahead mode: entries survive a crash. It holds digests of files, but no names, IDs
or dates of patients. The tables `answers` and `notes` hold results and readings; `first_readings` what
readers found before they saw a result.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import config
from core.database import open_database, read_database
from core.errors import UserError
from core.evaluation import wilson
from core.images import Box
from core.inference.findings import ABSENT, PRESENT
from core.inference.identity import ModelIdentity
from core.inference.reading import Reading
from core.sentence import Sentence
from core.weights import ModelRecord

TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    time REAL NOT NULL, sha256 TEXT NOT NULL, run TEXT NOT NULL, stage INTEGER NOT NULL,
    finding TEXT NOT NULL, probability REAL, threshold REAL NOT NULL, rule TEXT NOT NULL,
    model TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS notes (
    time REAL NOT NULL, sha256 TEXT NOT NULL, run TEXT NOT NULL, stage INTEGER NOT NULL,
    agreement TEXT NOT NULL, own TEXT NOT NULL, changed INTEGER NOT NULL, box TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS first_readings (
    time REAL NOT NULL, sha256 TEXT NOT NULL, finding TEXT NOT NULL, own TEXT NOT NULL
);
"""
ADDED = {
    "answers": {
        "model": "TEXT NOT NULL DEFAULT ''",  # name, version and digest; "" before 0.2.0
        "warned": "INTEGER",  # whether the image gave reason to doubt the result; these six NULL if unknown
        "brightness": "REAL",  # mean and standard deviation of the model's input, 0 to 255
        "contrast": "REAL",
        "lung_area": "REAL",  # share of the image, and how sharply the lungs are parted from the rest, 0 to 1
        "lung_distinctness": "REAL",
        "distance": "REAL",  # out-of-distribution score
    },
    "notes": {
        "box": "TEXT NOT NULL DEFAULT ''",  # left, top, right, bottom in shares of the image
        "model": "TEXT NOT NULL DEFAULT ''",  # as in answers
    },
}
LACKING = ("no such column", "no such table")  # SQLite's words
AGREEMENTS = ("agree", "disagree", "not sure")
FIRST_FINDINGS = (PRESENT.lower(), ABSENT.lower(), "not sure")
WITHDRAWN = "withdrawn"  # instead of one of them: the readings of this image logged before do not count


@dataclass(frozen=True)
class FirstReading:
    """A person's reading of an image before the model's result was shown.

    Attributes:
        finding: one of `FIRST_FINDINGS`.
        own: the same in the person's own words.
    """

    finding: str
    own: str = ""


@dataclass(frozen=True)
class HumanReading:
    """A person's reading of an image, with the model's result in view.

    Attributes:
        agreement: with the result, one of `AGREEMENTS`; in the log also `WITHDRAWN`.
        own: the person's finding in their own words.
        changed: whether the result changed the finding.
        box: that the person drew around the finding, in shares of the whole image; None without one.
    """

    agreement: str
    own: str = ""
    changed: bool = False
    box: Box | None = None

    def sentence(self) -> str:
        """The reading in words."""
        own = f" Own finding: {self.own}." if self.own else ""
        changed = " The result changed the finding." if self.changed else ""
        box = " Marked by a box on the image." if self.box else ""
        return f"{self.agreement.capitalize()}.{own}{changed}{box}"


class AuditLog:
    """The log in a file, created on first use."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path or config.audit_log())

    def add_result(self, reading: Reading, record: ModelRecord, identity: ModelIdentity) -> None:
        """Log a model's result, or that it was withheld; raises UserError if the log cannot be written."""
        probability = None if reading.withheld else reading.prediction.probability
        row = {
            "time": time.time(),
            "sha256": reading.image.sha256,
            "run": record.run,
            "stage": record.stage,
            "finding": reading.finding,
            "probability": probability,
            "threshold": record.threshold,
            "rule": record.threshold_rule,
            "model": str(identity),
            "warned": None if reading.withheld else bool(reading.image_warnings()),
            **image_numbers(reading),
        }
        with self._opened() as database:
            _insert(database, "answers", row)

    def add_human_reading(
        self, sha256: str, record: ModelRecord, identity: ModelIdentity, reading: HumanReading
    ) -> None:
        """Log a person's reading of an image and of the result that a model gave for it.

        Raises:
            UserError: the log cannot be written.
        """
        box = " ".join(f"{share:.4f}" for share in reading.box or ())
        row = {
            "time": time.time(),
            "sha256": sha256,
            "run": record.run,
            "stage": record.stage,
            "agreement": reading.agreement,
            "own": reading.own,
            "changed": reading.changed,
            "box": box,
            "model": str(identity),
        }
        with self._opened() as database:
            _insert(database, "notes", row)

    def add_first_reading(self, sha256: str, reading: FirstReading) -> None:
        """Log what a person found without a result; raises UserError if the log cannot be written."""
        with self._opened() as database:
            row = (time.time(), sha256, *astuple(reading))
            database.execute("INSERT INTO first_readings VALUES (?, ?, ?, ?)", row)

    def results(self) -> pd.DataFrame:
        """All results, the oldest first."""
        return self._table("answers")

    def human_readings(self) -> pd.DataFrame:
        """All readings by people, the oldest first."""
        return self._table("notes")

    def first_readings(self) -> pd.DataFrame:
        """All readings by people before they saw a result, the oldest first."""
        return self._table("first_readings")

    def query(self, query: str, parameters: dict[str, Any] | None = None) -> pd.DataFrame:
        """The rows that a query in SQL selects; raises UserError if the log cannot be read."""
        try:
            with self._opened() as database:  # adds columns that earlier versions did not have
                return pd.read_sql_query(query, database, params=parameters)
        except UserError:
            if not self.path.exists():
                raise
            return self._read_only(query, parameters)

    def _table(self, name: str) -> pd.DataFrame:
        return self.query(f"SELECT * FROM {name} ORDER BY rowid")

    def _read_only(self, query: str, parameters: dict[str, Any] | None) -> pd.DataFrame:
        """What a log says that cannot be written."""
        try:
            with closing(read_database(self.path)) as database:
                return pd.read_sql_query(query, database, params=parameters)
        except (sqlite3.Error, pd.errors.DatabaseError) as error:
            raise self._unusable(error) from error

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection; its changes are on disk when the block ends."""
        try:
            with closing(open_database(self.path, TABLES, added=ADDED, timeout=10)) as database, database:
                yield database
        except (sqlite3.Error, pd.errors.DatabaseError, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> UserError:
        reason = error.__cause__ or error  # pandas puts the whole query before it
        if str(reason).startswith(LACKING):  # where it can be written, what is lacking is added
            return UserError(
                Sentence(
                    "The audit log {path} is of an earlier version ({reason}) and read-only. Make the file "
                    "and its folder writable once: this version then adds what the log lacks.",
                    path=self.path,
                    reason=reason,
                )
            )
        return UserError(
            Sentence("The audit log {path} cannot be used: {reason}.", path=self.path, reason=reason)
        )


def _insert(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Add a row by the names of its columns: those added to an old log come in another order."""
    values = ", ".join(f":{name}" for name in row)
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})", row)


def image_numbers(reading: Reading) -> dict[str, float | None]:
    """Numbers of an image by which it is told whether later ones differ; None for what is not known."""
    pixels, lungs = reading.output.pixels, reading.output.lungs
    geometry = lungs.geometry if lungs else None
    return {
        "brightness": float(pixels.mean()),
        "contrast": float(pixels.std()),
        "lung_area": geometry.area if geometry else None,
        "lung_distinctness": geometry.certainty if geometry else None,
        "distance": reading.distance,
    }


def agreement_summary(readings: pd.DataFrame) -> str:
    """How often readers agreed, with Wilson's 95% interval; of each result, the last reading counts.

    Args:
        readings: as `AuditLog.human_readings` returns them.
    """
    result = ["sha256", "run", "stage"]
    last = readings.drop_duplicates([*result, "model"], keep="last")
    unnamed = last["model"] == ""  # logged before 0.2.0; any later reading of that result replaces it
    last = last[~unnamed | ~last.duplicated(result, keep="last") | (last["run"] == "")]
    last = last[last["agreement"] != WITHDRAWN]
    sure = last[last["agreement"] != "not sure"]
    if sure.empty:
        return "No agreement or disagreement recorded yet."
    agreed = int((sure["agreement"] == "agree").sum())
    interval = wilson(agreed, len(sure))
    assert interval is not None  # `sure` is not empty
    low, high = interval
    unsure = len(last) - len(sure)
    return (
        f"Readers agreed with {agreed} of {len(sure)} results: {agreed / len(sure):.0%} "
        f"({low:.0%} to {high:.0%}). Not sure: {unsure}. Findings changed by a result: "
        f"{int(last['changed'].sum())}."
    )


def first_reading_summary(first: pd.DataFrame, results: pd.DataFrame) -> str:
    """How often a first reading and the result said the same; the last of each image counts, "" without one.

    Args:
        first: as `AuditLog.first_readings` returns them.
        results: as `AuditLog.results` returns them.
    """
    last = first.drop_duplicates("sha256", keep="last").set_index("sha256")["finding"]
    shown = results.drop_duplicates("sha256", keep="last").set_index("sha256")["finding"].str.lower()
    both = pd.concat({"first": last, "result": shown}, axis=1, join="inner")
    decided = both[both.isin(FIRST_FINDINGS[:2]).all(axis=1)]
    if first.empty:
        return ""
    sentence = f"Read before the result: {len(last)}."
    if decided.empty:
        return sentence
    same = int((decided["first"] == decided["result"]).sum())
    return (
        f"{sentence} Where both decided, first reading and result were the same in {same} of {len(decided)}."
    )
