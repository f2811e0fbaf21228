"""Issues that single images can have, by name, each with a function that lists its images."""

from collections.abc import Callable

import numpy as np

from core.dataset.dataset import Dataset
from core.dataset.duplicates import identical_groups, near_identical_groups
from core.dataset.label_errors import label_error_scores, reviewed_rows, suspicious_labels
from core.dataset.patients import patients_in_training_and_test
from core.dataset.pixels import blocks

MIN_ASPECT_RATIO, MAX_ASPECT_RATIO = 0.6, 2.2  # width over height of nearly all chest X-rays
BORDER = 12  # pixels of 128
MARKER_LEVEL = 250  # grey level of a marker that was written into the image
MIN_MARKER_SHARE, MAX_MARKER_SHARE = 0.002, 0.1  # of the border's pixels: more is a white edge


def identical(dataset: Dataset) -> np.ndarray:
    """Rows of files whose bytes occur more than once."""
    return _joined(identical_groups(dataset.table))


def nearly_identical(dataset: Dataset) -> np.ndarray:
    """Rows of images that are almost the same though their files differ."""
    return _joined(near_identical_groups(dataset.table, dataset.pixels))


def patient_in_training_and_test(dataset: Dataset) -> np.ndarray:
    """Rows of images of patients who are both in training and in test."""
    patients = patients_in_training_and_test(dataset.table)
    return np.flatnonzero(dataset.table["patient"].isin(patients))


def coloured(dataset: Dataset) -> np.ndarray:
    """Rows of images with colour."""
    return np.flatnonzero(dataset.table["coloured"])


def marked(dataset: Dataset) -> np.ndarray:
    """Rows of images a small part of whose border is nearly white."""
    border = np.ones(dataset.pixels.shape[1:], bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    shares = np.concatenate(
        [(block[:, border] >= MARKER_LEVEL).mean(axis=1) for block in blocks(dataset.pixels)]
    )
    return np.flatnonzero((shares > MIN_MARKER_SHARE) & (shares < MAX_MARKER_SHARE))


def unusual_size(dataset: Dataset) -> np.ndarray:
    """Rows of images that are smaller than the network's input, or strongly elongated."""
    ratio = dataset.table["width"] / dataset.table["height"]
    small = dataset.table[["width", "height"]].min(axis=1) < dataset.pixels.shape[1]
    return np.flatnonzero(small | (ratio < MIN_ASPECT_RATIO) | (ratio > MAX_ASPECT_RATIO))


def mislabelled(dataset: Dataset) -> np.ndarray:
    """Rows of images that may be mislabelled, the most suspicious first."""
    return suspicious_labels(dataset, label_error_scores(dataset))


ISSUES: dict[str, Callable[[Dataset], np.ndarray]] = {
    "byte-identical": identical,
    "nearly identical": nearly_identical,
    "patient in training and test": patient_in_training_and_test,
    "colour": coloured,
    "marker at the border": marked,
    "unusual size": unusual_size,
    "possibly mislabelled": mislabelled,
    "label reviewed": reviewed_rows,
}


def _joined(groups: list[np.ndarray]) -> np.ndarray:
    return np.sort(np.concatenate(groups)) if groups else np.array([], int)
