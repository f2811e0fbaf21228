"""Which films of a set a run trains, validates and tests on."""

import numpy as np

from core.config import TrainingSettings
from core.dataset.cohorts import cohort
from core.dataset.duplicates import copies
from core.dataset.index import Dataset
from core.dataset.split import assign_roles, patients_in_training_and_test, sample
from core.errors import UserError

ROLES = ("training", "validation", "test")


def rows_by_role(dataset: Dataset, settings: TrainingSettings) -> dict[str, np.ndarray]:
    """Row numbers for each of `ROLES`: split by patient, within the cohort and the limits of the settings.

    Raises:
        UserError: a class has too few patients, or the cohort is unknown or lacks a class.
    """
    roles = assign_roles(dataset.table, settings.validation_fraction, settings.seed)
    limits = {"training": settings.train_limit, "validation": settings.validation_limit}
    found = {}
    tested = dataset.table["patient"].isin(patients_in_training_and_test(dataset.table)).to_numpy()
    for role in ROLES:
        rows = np.flatnonzero(roles == role)
        if role != "test" and settings.without_test_patients:
            rows = rows[~tested[rows]]
            _check_both_classes(dataset, rows, "Leaving out the patients of test", role)
        if role != "test" and settings.cohort:
            within = dataset.table["sha256"].iloc[rows].isin(cohort(dataset.root, settings.cohort))
            rows = rows[within.to_numpy()]
            _check_both_classes(dataset, rows, f"The cohort {settings.cohort!r}", role)
        if role == "training" and settings.without_copies:
            rows = np.setdiff1d(rows, copies(dataset.table))
        found[role] = sample(dataset.table, rows, limits.get(role), settings.seed)
    return found


def _check_both_classes(dataset: Dataset, rows: np.ndarray, what: str, role: str) -> None:
    if set(dataset.labels[rows]) != {0, 1}:
        raise UserError(f"{what} leaves no film of one class for {role}. Choose otherwise.")
