"""Images in parts that share no patient."""

from collections.abc import Iterator

import numpy as np

FOLDS = 5
SEED = 0


def held_out_parts(labels: np.ndarray, patients: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Which images are judged and on which others something is fitted for them, bool (n,) each, by fold."""
    folds = patient_folds(labels, patients, FOLDS)
    for fold in range(FOLDS):
        yield folds == fold, folds != fold


def patient_folds(labels: np.ndarray, patients: np.ndarray, folds: int) -> np.ndarray:
    """A fold for each image, int64 (n,): those of one patient together, both labels spread evenly.

    Args:
        labels: 0 or 1, (n,).
        patients: of the images, (n,).
        folds: number of folds.
    """
    names, first, of_patient = np.unique(patients, return_index=True, return_inverse=True)
    order = np.random.default_rng(SEED).permutation(len(names))
    order = order[np.argsort(labels[first][order], kind="stable")]
    fold_of = np.empty(len(names), np.int64)
    fold_of[order] = np.arange(len(names)) % folds
    return fold_of[of_patient]
