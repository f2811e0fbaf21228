"""Which films of a set a run trains, validates and tests on."""

import numpy as np

from core.config import TrainingSettings
from core.dataset.cohorts import cohort
from core.dataset.duplicates import copies
from core.dataset.index import Dataset
from core.dataset.split import assign_roles, sample
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
    for role in ROLES:
        rows = np.flatnonzero(roles == role)
        if role != "test" and settings.cohort:
            within = dataset.table["sha256"].iloc[rows].isin(cohort(dataset.root, settings.cohort))
            rows = rows[within.to_numpy()]
            if set(dataset.labels[rows]) != {0, 1}:
                raise UserError(
                    f"The cohort {settings.cohort!r} leaves no film of one class for {role}. Choose another."
                )
        if role == "training" and settings.without_copies:
            rows = np.setdiff1d(rows, copies(dataset.table))
        found[role] = sample(dataset.table, rows, limits.get(role), settings.seed)
    return found
