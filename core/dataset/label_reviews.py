"""Readers' reviews of labels: on disk, by digest, beside every data set and in none.

A reader confirms or changes the label of one image, or excludes the image; rules that leave out whole
groups, such as copies, are `core.dataset.exclusions`. A SQLite database to which entries are only added: of
several reviews of an image the latest counts and all are kept, so the number of an entry names a version of
all reviewed labels.
"""

import time
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pandas as pd

from core import config
from core.config import CLASS_NAMES
from core.database import errors_told, never_changed, open_database, read_database
from core.dataset.dataset import Dataset
from core.errors import UserError
from core.roles import Role, takes
from core.sentence import Sentence

EXCLUDED, WITHDRAWN = "excluded", "withdrawn"
OUTCOMES = (*CLASS_NAMES, EXCLUDED)  # of a review
MAX_READER, MAX_REASON = 80, 300  # characters
TABLES = """
CREATE TABLE IF NOT EXISTS reviews (
    version INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, sha256 TEXT NOT NULL, path TEXT NOT NULL,
    published TEXT NOT NULL, outcome TEXT NOT NULL, reader TEXT NOT NULL, reason TEXT NOT NULL
);
""" + never_changed("reviews")
COLUMNS = {
    "version": int,
    "time": float,
    "sha256": str,
    "path": str,
    "published": str,
    "outcome": str,
    "reader": str,
    "reason": str,
}


def label_reviews(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every review, the oldest first.

    Args:
        table: with a column sha256, to get only reviews of its images.

    Returns:
        Columns version, time (s since 1970), sha256, path, published (label), outcome (one of `OUTCOMES`, or
        `WITHDRAWN`), reader, reason.
    """
    rows = []
    if _path().exists():
        with _told(), closing(read_database(_path(), timeout=10)) as database:
            rows = database.execute(f"SELECT {', '.join(COLUMNS)} FROM reviews ORDER BY version").fetchall()
    reviews = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    if table is None or reviews.empty:  # most data sets have none: their digests need not be looked up
        return reviews
    return reviews[reviews["sha256"].isin(set(table["sha256"]))]


def counting_reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    """Of some of `label_reviews`, the latest of each image, unless it withdrew those before it."""
    latest = reviews.drop_duplicates("sha256", keep="last")
    return latest[latest["outcome"] != WITHDRAWN]


def review_counts(reviews: pd.DataFrame) -> str:
    """How many images some of `label_reviews` confirm, change and exclude, in a sentence."""
    counting = counting_reviews(reviews)
    confirmed = int((counting["outcome"] == counting["published"]).sum())
    excluded = int((counting["outcome"] == EXCLUDED).sum())
    changed = len(counting) - confirmed - excluded
    disputed = int((_last_of_each_reader(reviews).groupby("sha256")["outcome"].nunique() > 1).sum())
    sentence = f"Reviewed labels: {confirmed} confirmed, {changed} changed, {excluded} excluded"
    return f"{sentence}; readers disagree on {disputed}." if disputed else f"{sentence}."


def _last_of_each_reader(reviews: pd.DataFrame) -> pd.DataFrame:
    """Of some of `label_reviews`, each reader's latest of each image that was not withdrawn since."""
    withdrawn = reviews["version"].where(reviews["outcome"] == WITHDRAWN)
    standing = ~(reviews["version"] <= withdrawn.groupby(reviews["sha256"]).transform("max"))
    return reviews[standing].drop_duplicates(["sha256", "reader"], keep="last")


@takes(Role.TRAINER)
def review_label(dataset: Dataset, row: int, outcome: str, reader: str, reason: str) -> int:
    """Add a review of an image's label; it is on disk when this returns.

    Args:
        dataset: that the image belongs to.
        row: of the image.
        outcome: one of `OUTCOMES`; its own label confirms it.
        reader: name or e-mail address.
        reason: why, in words.

    Returns:
        The new version of the reviewed labels.

    Raises:
        UserError: the outcome is none, reader or reason is missing or too long, or the review cannot be
            written.
    """
    if outcome not in OUTCOMES:
        given = f"{outcome!r} is no label" if outcome else "The label is missing"
        raise UserError(Sentence("{given}; give one of {choices}.", given=given, choices=", ".join(OUTCOMES)))
    return _add(dataset, row, outcome, reader, reason)


@takes(Role.TRAINER)
def withdraw_reviews(dataset: Dataset, row: int, reader: str, reason: str) -> int:
    """Let an image's published label count again; its reviews are kept. As `review_label`.

    Raises:
        UserError: no review of the image counts, or as `review_label`.
    """
    image = dataset.table.iloc[[row]]
    if counting_reviews(label_reviews(image)).empty:
        raise UserError(Sentence("{path} has no review that could be undone.", path=image["path"].iloc[0]))
    return _add(dataset, row, WITHDRAWN, reader, reason)


def reader_name(text: str) -> str:
    """A reader's name as it is kept.

    Raises:
        UserError: it is empty or too long.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_READER:
        raise UserError(
            Sentence(
                "A reader's name has 1 to {most} characters; {name!r} has {count}.",
                most=MAX_READER,
                name=name[:20],
                count=len(name),
            )
        )
    return name


def _add(dataset: Dataset, row: int, outcome: str, reader: str, reason: str) -> int:
    reader, reason = reader_name(reader), " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        raise UserError(
            Sentence(
                "A review needs a reason of 1 to {most} characters; {reason!r} has {count}.",
                most=MAX_REASON,
                reason=reason[:20],
                count=len(reason),
            )
        )
    image = dataset.table.iloc[row]
    published = image.get("published", image["label"])
    values = (time.time(), image["sha256"], image["path"], published, outcome, reader, reason)
    with _told(), closing(open_database(_path(), TABLES, timeout=10)) as database, database:
        added = database.execute(
            "INSERT INTO reviews (time, sha256, path, published, outcome, reader, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        assert added.lastrowid is not None  # a row was added
        return added.lastrowid


def _path() -> Path:
    return config.home() / "label-reviews.sqlite"


def _told() -> AbstractContextManager[None]:
    return errors_told(_path(), "It holds the readers' reviews of labels.")
