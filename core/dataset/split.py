"""Which images train, which validate, which test: validation is held out by patient."""

import hashlib
from math import ceil

import numpy as np
import pandas as pd

from core.errors import UserError

TRAINING, VALIDATION, TEST = "training", "validation", "test"


def assign_roles(table: pd.DataFrame, fraction: float, seed: int) -> np.ndarray:
    """The role of each image: `training`, `validation` or `test`.

    The published `val` folder (16 images) joins training. About `fraction` of the patients of each
    kind (normal, bacteria, virus) are held out: those with the lowest digest of seed and patient,
    so that a patient keeps the role when others are added. Images whose patient is unknown count
    as patients of their own, told apart by content.

    Args:
        table: a Dataset's table.
        fraction: share of the patients to hold out, 0 to 1.
        seed: another seed holds out other patients.

    Returns:
        ndarray of str, shape (images,).

    Raises:
        UserError: a class has fewer than two patients outside test.
    """
    roles = np.where(table["split"] == "test", TEST, TRAINING).astype(object)
    patients = patients_or_films(table)
    available = roles == TRAINING
    for label in ("NORMAL", "PNEUMONIA"):
        found = patients[available & (table["label"] == label)].nunique()
        if found < 2:
            raise UserError(
                f"train/{label} holds images of {found} patients; at least 2 are needed, one to train "
                "on and one to validate on. Add images of that class."
            )
    for _, group in patients[available].groupby([table["label"], table["cause"]]):
        names = sorted(group.unique(), key=lambda name: _digest(seed, name))
        held_out = names[: ceil(fraction * len(names))] if len(names) > 1 else []
        roles[group.index[group.isin(held_out)]] = VALIDATION
    return roles


def patients_or_films(table: pd.DataFrame) -> pd.Series:
    """Whose film each is; one whose patient is unknown counts as a patient of its own, told by content."""
    return table["patient"].where(table["patient"] != "", table["sha256"])


def patients_in_training_and_test(table: pd.DataFrame) -> list[str]:
    """Known patients with films in test and outside it, sorted."""
    known = table[table["patient"] != ""]
    in_test = known["split"] == "test"
    return sorted(set(known.loc[in_test, "patient"]) & set(known.loc[~in_test, "patient"]))


def sample(table: pd.DataFrame, rows: np.ndarray, limit: int | None, seed: int) -> np.ndarray:
    """At most `limit` of `rows`, each class in its share and at least once, fixed by `seed`.

    Args:
        table: a Dataset's table.
        rows: int ndarray of row numbers.

    Returns:
        int ndarray of row numbers, ascending.
    """
    if limit is None or limit >= len(rows):
        return rows
    chosen = []
    for _, group in table.iloc[rows].groupby("label"):
        share = max(1, round(limit * len(group) / len(rows)))
        order = sorted(group.index, key=lambda row: _digest(seed, group.at[row, "path"]))
        chosen.extend(order[:share])
    return np.array(sorted(chosen))


def _digest(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
