"""The role of each image in a run: training, validation or test. Validation is held out by patient."""

import hashlib
from math import ceil

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, TrainingSettings
from core.dataset.cohorts import read_cohort
from core.dataset.dataset import Dataset
from core.dataset.duplicates import copies
from core.dataset.patients import patients_in_training_and_test
from core.dataset.reviewed_labels import reviewed_labels
from core.errors import UserError
from core.evaluation import patient_groups
from core.sentence import Sentence

TRAINING, VALIDATION, TEST = ROLES = ("training", "validation", "test")
FEW_IN_VALIDATION = 10  # images of a class


def rows_by_role(dataset: Dataset, settings: TrainingSettings) -> dict[str, np.ndarray]:
    """Row numbers for each of `ROLES`, split by patient, within the settings' cohort, exclusions and limits.

    Patients are split by the published labels, so that a review moves no image to another role. Where a site
    is held out, all its images are the test images, and test images of other sites are not used.

    Args:
        dataset: with its published labels.
        settings: of the run.

    Raises:
        UserError: cohort, site or version of the labels is unknown, or training or validation lacks a class.
    """
    reviewed = reviewed_labels(settings.label_version)
    excluded, labelled = reviewed.excluded(dataset.table), reviewed.labelled(dataset.table)
    of_split = settings.validation_fraction, settings.seed_of_split
    if settings.held_out_site:
        roles = _roles_without_site(dataset.table, settings.held_out_site, *of_split)
    else:
        roles = assign_roles(dataset.table, *of_split)
    limits = {TRAINING: settings.train_limit, VALIDATION: settings.validation_limit}
    test_patients = patients_in_training_and_test(dataset.table)
    of_test_patient = dataset.table["patient"].isin(test_patients).to_numpy()
    rows_of = {}
    for role in ROLES:
        rows = np.flatnonzero(roles == role)
        if role != TEST and settings.without_test_patients:
            rows = rows[~of_test_patient[rows]]
            _check_both_classes(labelled, rows, "Leaving out patients who are in test", role)
        if role != TEST:
            rows = rows[~excluded[rows]]
        if role != TEST and settings.cohort:
            in_cohort = dataset.table["sha256"].iloc[rows].isin(read_cohort(dataset.root, settings.cohort))
            rows = rows[in_cohort.to_numpy()]
            _check_both_classes(labelled, rows, f"The cohort {settings.cohort!r}", role)
        if role == TRAINING and settings.without_copies:
            rows = np.setdiff1d(rows, copies(dataset.table))
        rows_of[role] = sample(dataset.table, rows, limits.get(role), settings.seed_of_split)
    for role in (TRAINING, VALIDATION):
        _check_both_classes(labelled, rows_of[role], "This selection of images", role)
    return rows_of


def few_validation_images(dataset: Dataset, rows_of: dict[str, np.ndarray]) -> str:
    """A sentence if validation holds few images of a class; "" if it holds enough of both.

    Args:
        dataset: the data set.
        rows_of: row numbers by role, of `rows_by_role`.
    """
    counts = dataset.table["label"].iloc[rows_of[VALIDATION]].value_counts()
    few = [label for label in CLASS_NAMES if counts[label] < FEW_IN_VALIDATION]
    if not few:
        return ""
    return Sentence(
        "Validation holds few images: {counts}. The best epoch and the operating point chosen on them depend "
        "on chance. Add patients, or raise the validation fraction.",
        counts=", ".join(f"{counts[label]} {label}" for label in few),
    )


def assign_roles(table: pd.DataFrame, fraction: float, seed: int) -> np.ndarray:
    """The role of each image: `training`, `validation` or `test`.

    The published `val` folder (16 images) joins training. About `fraction` of the patients of each
    kind (normal, bacteria, virus, or several of these) and site are held out: those with the lowest digest
    of seed and patient, so that a patient keeps the role when others are added. The only patient of a
    kind is trained on, unless validation would lack a class. Images of unknown patients count as
    patients of their own.

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
    patients = patient_groups(table)
    available = roles == TRAINING
    for label in CLASS_NAMES:
        count = patients[available & (table["label"] == label)].nunique()
        if count < 2:
            raise UserError(
                Sentence(
                    "train/{label} contains images of {count} patients; at least 2 are needed, one to train "
                    "on and one to validate on. Add images of that class.",
                    label=label,
                    count=count,
                )
            )
    outside_test = table[["label", "cause"]].assign(patient=patients)[available]
    if "site" in table:
        outside_test["cause"] += "/" + table["site"]
    held_out = _held_out(outside_test, fraction, seed)
    held_out |= _held_out_for_missing_classes(outside_test, held_out, seed)
    roles[available & patients.isin(held_out)] = VALIDATION
    return roles


def _roles_without_site(table: pd.DataFrame, site: str, fraction: float, seed: int) -> np.ndarray:
    """The roles where all images of a site are test images; test images of other sites have none."""
    sites = sorted(set(table.get("site", ())))
    if site not in sites:
        raise UserError(
            Sentence(
                "There is no site {site!r} in this data set; its sites: {sites}.",
                site=site,
                sites=", ".join(sites) or "none",
            )
        )
    of_site = (table["site"] == site).to_numpy()
    roles = assign_roles(table.assign(split=table["split"].mask(of_site, "test")), fraction, seed)
    return np.where(~of_site & (roles == TEST), "", roles)


def _held_out(table: pd.DataFrame, fraction: float, seed: int) -> set[str]:
    """Patients to validate on: a share of each kind that has several patients."""
    distinct = table.drop_duplicates().sort_values(["label", "cause"])
    kinds = (distinct["label"] + "/" + distinct["cause"]).groupby(distinct["patient"]).agg(" ".join)
    held_out: set[str] = set()
    for _, group in kinds.groupby(kinds):
        if len(group) > 1:
            held_out |= held_out_names(set(group.index), fraction, seed)
    return held_out


def held_out_names(names: set[str], fraction: float, seed: int) -> set[str]:
    """The share of names, rounded up, whose digests with the seed are lowest."""
    ordered = sorted(names, key=lambda name: _digest(seed, name))
    return set(ordered[: ceil(fraction * len(ordered))])


def _held_out_for_missing_classes(table: pd.DataFrame, held_out: set[str], seed: int) -> set[str]:
    """One more patient for each class that validation lacks, such that training keeps both classes."""
    added: set[str] = set()
    for label in CLASS_NAMES:
        validation = table["patient"].isin(held_out | added)
        if label in set(table["label"][validation]):
            continue
        names = set(table["patient"][table["label"] == label])
        for name in sorted(names, key=lambda name: _digest(seed, name)):
            training = table[~validation & (table["patient"] != name)]
            if set(training["label"]) == set(CLASS_NAMES):
                added.add(name)
                break
    return added


def sample(table: pd.DataFrame, rows: np.ndarray, limit: int | None, seed: int) -> np.ndarray:
    """Sample at most `limit` of `rows`, each class in proportion and at least once, fixed by `seed`.

    Args:
        table: a Dataset's table.
        rows: int ndarray of row numbers.
        limit: number of rows; None keeps all.
        seed: another seed samples other rows.

    Returns:
        int ndarray of row numbers, ascending.
    """
    if limit is None or limit >= len(rows):
        return rows
    chosen = []
    for _, group in table.iloc[rows].groupby("label"):
        size = max(1, round(limit * len(group) / len(rows)))
        order = sorted(group.index, key=lambda row: _digest(seed, str(group.at[row, "path"])))
        chosen.extend(order[:size])
    return np.array(sorted(chosen))


def _check_both_classes(table: pd.DataFrame, rows: np.ndarray, cause: str, role: str) -> None:
    if set(table["label"].iloc[rows]) != set(CLASS_NAMES):
        raise UserError(
            Sentence(
                "{cause} leaves only one class, or no images, for {role}, which needs both. Add patients "
                "of the other class, or change cohort, exclusions or limits.",
                cause=cause,
                role=role,
            )
        )


def _digest(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
