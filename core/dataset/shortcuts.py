"""How well a film's class, or its split, can be told without looking at lungs.

A network has to beat these figures to show that it reads lungs. Each is the AUC of gradient boosting on
a few plain numbers, predicted out of fold, patients kept together.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from core.dataset.index import Dataset
from core.dataset.pixels import blocks, square_means
from core.dataset.split import patients_or_films

FOLDS = 5
LEAST = 10  # images of each class, below which nothing is told
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def class_by(view: str, table: pd.DataFrame, pixels: np.ndarray, rows: np.ndarray) -> float | None:
    """AUC with which NORMAL and PNEUMONIA are told apart by a view of the images alone.

    Args:
        view: one of `VIEWS`.
        table: a Dataset's table.
        pixels: uint8 ndarray of shape (n, 128, 128).
        rows: row numbers of the images to tell.

    Returns:
        AUC; None when a class has too few images.
    """
    chosen = table.iloc[rows]
    labels = (chosen["label"] == "PNEUMONIA").to_numpy(int)
    return _auc(VIEWS[view](pixels)[rows], labels, patients_or_films(chosen))


def baseline(view: str, dataset: Dataset, training: np.ndarray) -> np.ndarray | None:
    """Probability of PNEUMONIA of each film, told by a view alone: what a network has to beat.

    Args:
        view: one of `VIEWS`.
        training: row numbers of the films to learn from.

    Returns:
        float64 ndarray of shape (films of the data set,); None when a class has too few films to learn from.
    """
    labels = dataset.labels[training]
    if np.bincount(labels, minlength=2).min() < LEAST:
        return None
    numbers = VIEWS[view](dataset.pixels)
    with _learner() as classifier:
        return classifier.fit(numbers[training], labels).predict_proba(numbers)[:, 1]


def split_by_histogram(table: pd.DataFrame, pixels: np.ndarray, label: str) -> float | None:
    """AUC with which test is told from the rest by the histogram, among the films of one class."""
    rows = np.flatnonzero(table["label"] == label)
    chosen = table.iloc[rows]
    return _auc(histogram(pixels)[rows], (chosen["split"] == "test").to_numpy(int), patients_or_films(chosen))


def histogram(pixels: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and seven percentiles of each image, float32 (n, 9)."""
    parts = []
    for block in blocks(pixels):
        flat = block.reshape(len(block), -1)
        spread = [flat.mean(axis=1), flat.std(axis=1), *np.percentile(flat, PERCENTILES, axis=1)]
        parts.append(np.stack(spread, axis=1))
    return np.concatenate(parts).astype(np.float32)


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Each image in 8 x 8 means, float32 (n, 64)."""
    return square_means(pixels, 16).reshape(len(pixels), -1)


def corners(pixels: np.ndarray) -> np.ndarray:
    """Mean of each corner, a sixteenth of the side: float32 (n, 4)."""
    small = square_means(pixels, 8)  # 16 x 16
    return small[:, [0, 0, -1, -1], [0, -1, 0, -1]]


def frame(pixels: np.ndarray) -> np.ndarray:
    """The outer sixteenth of each image as 16 x 16 means: float32 (n, 60)."""
    small = square_means(pixels, 8)
    border = np.ones((16, 16), bool)
    border[1:-1, 1:-1] = False
    return small[:, border]


VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "histogram": histogram,
    "corners": corners,
    "frame": frame,
    "thumbnail": thumbnail,
}


def _auc(numbers: np.ndarray, labels: np.ndarray, patients: pd.Series) -> float | None:
    # Imported here: it takes a second, and pages that only browse do without.
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    counts = np.bincount(labels, minlength=2)
    if counts.min() < LEAST:
        return None
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    with _learner() as classifier:
        found = cross_val_predict(
            classifier, numbers, labels, groups=patients, cv=folds, method="predict_proba"
        )
    return float(roc_auc_score(labels, found[:, 1]))


@contextmanager
def _learner() -> Iterator:
    """Gradient boosting, held to one thread while this lasts.

    A fit is a second of very short loops. Where something else computes, their threads wait for one another
    at the end of each: two on two busy cores take up to fifteen times as long as one.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield HistGradientBoostingClassifier(random_state=0, max_iter=60)
