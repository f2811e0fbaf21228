"""Films with something about them that deserves a look, by the name of the problem."""

from collections.abc import Callable

import numpy as np

from core.dataset.doubts import label_doubts
from core.dataset.duplicates import identical_groups, near_identical_groups
from core.dataset.index import Dataset
from core.dataset.pixels import blocks
from core.dataset.split import patients_in_training_and_test

NARROW, BROAD = 0.6, 2.2  # width over height of nearly all chest films
BORDER = 12  # pixels of 128
MARK = 250  # grey level of a marker that was written into the film
MARK_SHARE = (0.002, 0.1)  # of the border's pixels: more is a white edge, not a mark
DOUBTED = 0.5  # from which a probe would have given the other label


def identical(dataset: Dataset) -> np.ndarray:
    """Files whose bytes occur more than once."""
    return _joined(identical_groups(dataset.table))


def nearly_identical(dataset: Dataset) -> np.ndarray:
    """Images that are almost the same though their files differ."""
    return _joined(near_identical_groups(dataset.table, dataset.pixels))


def in_training_and_test(dataset: Dataset) -> np.ndarray:
    """Films of patients who are in training and in test."""
    both = patients_in_training_and_test(dataset.table)
    return np.flatnonzero(dataset.table["patient"].isin(both))


def coloured(dataset: Dataset) -> np.ndarray:
    """Images with colour."""
    return np.flatnonzero(dataset.table["coloured"])


def marked(dataset: Dataset) -> np.ndarray:
    """Images a small part of whose border is nearly white."""
    border = np.ones(dataset.pixels.shape[1:], bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    shares = np.concatenate([(block[:, border] >= MARK).mean(axis=1) for block in blocks(dataset.pixels)])
    return np.flatnonzero((shares > MARK_SHARE[0]) & (shares < MARK_SHARE[1]))


def oddly_sized(dataset: Dataset) -> np.ndarray:
    """Images that are smaller than the network's input, or very long."""
    ratio = dataset.table["width"] / dataset.table["height"]
    small = dataset.table[["width", "height"]].min(axis=1) < dataset.pixels.shape[1]
    return np.flatnonzero(small | (ratio < NARROW) | (ratio > BROAD))


def doubted(dataset: Dataset) -> np.ndarray:
    """Films whose label a linear probe would have given otherwise, the most doubted first."""
    return most_doubted(label_doubts(dataset))


def most_doubted(doubts: np.ndarray | None) -> np.ndarray:
    """Row numbers of what `label_doubts` gives above one half, the most doubted first."""
    if doubts is None:
        return np.array([], int)
    rows = np.flatnonzero(doubts > DOUBTED)
    return rows[np.argsort(-doubts[rows], kind="stable")]


PROBLEMS: dict[str, Callable[[Dataset], np.ndarray]] = {
    "byte-identical": identical,
    "nearly identical": nearly_identical,
    "patient in training and test": in_training_and_test,
    "colour": coloured,
    "mark at the border": marked,
    "unusual size": oddly_sized,
    "label looks wrong": doubted,
}


def _joined(groups: list[np.ndarray]) -> np.ndarray:
    return np.sort(np.concatenate(groups)) if groups else np.array([], int)
