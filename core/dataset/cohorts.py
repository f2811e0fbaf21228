"""Cohorts: films of a set under a name, kept with the set, to be browsed, trained on and compared again."""

import json
import re
from pathlib import Path

from core import atomic
from core.dataset.index import Dataset, kept_folder
from core.errors import UserError

NAME = re.compile(r"\w[\w .-]{0,39}")
FILE = "cohorts.json"


def cohorts(root: Path) -> dict[str, frozenset[str]]:
    """SHA-256 of the films of each cohort of the set in `root`, by name."""
    try:
        content = json.loads((kept_folder(root) / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: frozenset(digests) for name, digests in content.items()}


def cohort(root: Path, name: str) -> frozenset[str]:
    """SHA-256 of the films of one cohort.

    Raises:
        UserError: the set has none of that name.
    """
    known = cohorts(root)
    if name not in known:
        raise UserError(f"{root.name} has no cohort {name!r}; known are {', '.join(known) or 'none'}.")
    return known[name]


def save_cohort(dataset: Dataset, name: str, rows) -> None:
    """Keep films under a name, in place of an earlier cohort of that name.

    Args:
        rows: int ndarray, row numbers in the data set.

    Raises:
        UserError: the name is not allowed or no film is given.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"A cohort cannot be called {name!r}; use up to 40 letters, digits, spaces, dots and dashes."
        )
    if not len(rows):
        raise UserError("No film is like that, so there is nothing to keep. Loosen a filter.")
    digests = sorted(set(dataset.table["sha256"].to_numpy()[rows]))
    _write(dataset.root, {**cohorts(dataset.root), name: digests})


def forget_cohort(root: Path, name: str) -> None:
    """Remove a name; its films stay."""
    _write(root, {other: digests for other, digests in cohorts(root).items() if other != name})


def _write(root: Path, content: dict) -> None:
    plain = {name: sorted(digests) for name, digests in content.items()}
    atomic.write_json(kept_folder(root) / FILE, plain)
