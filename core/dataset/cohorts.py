"""Cohorts: named subsets of a data set, stored with it, for browsing, training and comparison."""

import json
import re
from pathlib import Path

import numpy as np

from core import atomic
from core.dataset.dataset import Dataset
from core.dataset.storage import storage_folder
from core.errors import UserError
from core.roles import Role, takes
from core.sentence import Sentence

NAME = re.compile(r"\w[\w .-]{0,39}")
FILE = "cohorts.json"


def read_cohorts(root: Path) -> dict[str, frozenset[str]]:
    """SHA-256 of the images of each cohort of the data set in `root`, by the cohort's name."""
    try:
        content = json.loads((storage_folder(root) / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {name: frozenset(digests) for name, digests in content.items()}


def read_cohort(root: Path, name: str) -> frozenset[str]:
    """SHA-256 of the images of one cohort.

    Raises:
        UserError: the data set has no cohort of that name.
    """
    cohorts = read_cohorts(root)
    if name not in cohorts:
        raise UserError(
            Sentence(
                "{data} has no cohort {name!r}; its cohorts: {cohorts}.",
                data=root.name,
                name=name,
                cohorts=", ".join(cohorts) or "none",
            )
        )
    return cohorts[name]


@takes(Role.TRAINER)
def save_cohort(dataset: Dataset, name: str, rows: np.ndarray) -> None:
    """Save images as a cohort, replacing one of the same name.

    Args:
        dataset: the data set.
        name: of the cohort.
        rows: int ndarray, row numbers in the data set.

    Raises:
        UserError: the name is not allowed, or there are no images.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            Sentence(
                "A cohort cannot be called {name!r}; use up to 40 letters, digits, spaces, dots and dashes.",
                name=name,
            )
        )
    if not len(rows):
        raise UserError(Sentence("No images match, so there is nothing to save. Change the filters."))
    digests = sorted(set(dataset.table["sha256"].to_numpy()[rows]))
    with atomic.changing(storage_folder(dataset.root) / FILE):
        _write(dataset.root, {**read_cohorts(dataset.root), name: frozenset(digests)})


@takes(Role.TRAINER)
def delete_cohort(root: Path, name: str) -> None:
    """Delete a cohort; its images stay in the data set."""
    with atomic.changing(storage_folder(root) / FILE):
        _write(root, {other: digests for other, digests in read_cohorts(root).items() if other != name})


def _write(root: Path, cohorts: dict[str, frozenset[str]]) -> None:
    content = {name: sorted(digests) for name, digests in cohorts.items()}
    atomic.write_json(storage_folder(root) / FILE, content)
