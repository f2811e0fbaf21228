"""How many images and patients a conclusion needs."""

import numpy as np

from core.config import CLASS_NAMES
from core.sentence import Sentence

MIN_PATIENTS = 5  # of a class; with fewer, intervals and p values are too sure of themselves


def patients_by_class(labels: np.ndarray, patients: np.ndarray) -> dict[str, int]:
    """Number of patients of each class that has images.

    Args:
        labels: 0 or 1, shape (n,).
        patients: patient of each image, shape (n,).
    """
    counts = {name: len(np.unique(patients[labels == number])) for number, name in enumerate(CLASS_NAMES)}
    return {name: count for name, count in counts.items() if count}


def too_few(labels: np.ndarray, patients: np.ndarray) -> str:
    """A sentence where a class has so few patients that nothing can be concluded; else "".

    >>> too_few(np.array([0, 0, 1]), np.array(["a", "b", "c"]))
    'Nothing can be concluded from 2 NORMAL and 1 PNEUMONIA patients; at least 5 of a class are needed.'
    """
    counts = patients_by_class(np.asarray(labels), np.asarray(patients))
    if all(count >= MIN_PATIENTS for count in counts.values()):
        return ""
    listed = " and ".join(f"{count} {name}" for name, count in counts.items())
    return Sentence(
        "Nothing can be concluded from {listed} patients; at least {least} of a class are needed.",
        listed=listed,
        least=MIN_PATIENTS,
    )
