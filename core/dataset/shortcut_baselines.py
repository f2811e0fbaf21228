"""Shortcut baselines: how well an image's class, or its split, can be predicted without the lungs.

A model that is no better than these may not be using the lungs. Each is gradient boosting on a few simple
numbers of the image.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.dataset.dataset import Dataset
from core.dataset.pixels import block_means, blocks
from core.evaluation import Interval, interval, patient_groups
from core.sentence import Sentence

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

FOLDS = 5
MIN_IMAGES = 10  # of each class
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class CrossValidatedAuc:
    """AUC of telling two groups of images apart, out of fold with patients kept together.

    Attributes:
        value: the AUC.
        interval: its 95% interval, by a bootstrap over patients; None with few patients.
    """

    value: float
    interval: Interval | None


def class_auc(
    shortcut: str, table: pd.DataFrame, pixels: np.ndarray, rows: np.ndarray
) -> CrossValidatedAuc | None:
    """AUC of predicting the class from a shortcut.

    Args:
        shortcut: one of `SHORTCUTS`.
        table: a Dataset's table.
        pixels: uint8 ndarray of shape (n, 128, 128).
        rows: row numbers of the images to use.

    Returns:
        AUC; None if a class has too few images.
    """
    return class_auc_from(SHORTCUTS[shortcut](pixels)[rows], table.iloc[rows])


def class_auc_from(features: np.ndarray, chosen: pd.DataFrame) -> CrossValidatedAuc | None:
    """AUC of predicting the class from any numbers.

    Args:
        features: float ndarray of shape (n, numbers); NaN where a number is missing.
        chosen: the rows of a Dataset's table that they belong to.

    Returns:
        AUC; None if a class has too few images.
    """
    labels = (chosen["label"] == CLASS_NAMES[POSITIVE]).to_numpy(int)
    return _auc(features, labels, patient_groups(chosen))


def split_auc(table: pd.DataFrame, pixels: np.ndarray, label: str) -> CrossValidatedAuc | None:
    """AUC of telling test images from the others by their histogram, within one class."""
    rows = np.flatnonzero(table["label"] == label)
    chosen = table.iloc[rows]
    return _auc(histogram(pixels)[rows], (chosen["split"] == "test").to_numpy(int), patient_groups(chosen))


def shortcut_baseline(shortcut: str, dataset: Dataset, training: np.ndarray) -> np.ndarray | None:
    """Probability of PNEUMONIA of each image, predicted from a shortcut.

    Args:
        shortcut: one of `SHORTCUTS`.
        dataset: the data set.
        training: row numbers of the images to learn from.

    Returns:
        float64 ndarray of shape (images,); None if a class has too few training images.
    """
    labels = dataset.labels[training]
    if np.bincount(labels, minlength=2).min() < MIN_IMAGES:
        return None
    features = SHORTCUTS[shortcut](dataset.pixels)
    with _classifier() as classifier:
        return classifier.fit(features[training], labels).predict_proba(features)[:, 1]


def histogram(pixels: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and seven percentiles of each image, float32 (n, 9)."""
    parts = []
    for block in blocks(pixels):
        flat = block.reshape(len(block), -1)
        statistics = [flat.mean(axis=1), flat.std(axis=1), *np.percentile(flat, PERCENTILES, axis=1)]
        parts.append(np.stack(statistics, axis=1))
    return np.concatenate(parts).astype(np.float32)


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Each image as 8 x 8 means, float32 (n, 64)."""
    return block_means(pixels, 16).reshape(len(pixels), -1)


def corners(pixels: np.ndarray) -> np.ndarray:
    """Mean of each corner, a sixteenth of the side: float32 (n, 4)."""
    small = block_means(pixels, 8)  # 16 x 16
    return small[:, [0, 0, -1, -1], [0, -1, 0, -1]]


def frame(pixels: np.ndarray) -> np.ndarray:
    """The border of each image, a sixteenth of the side, as means: float32 (n, 60)."""
    small = block_means(pixels, 8)  # 16 x 16
    border = np.ones((16, 16), bool)
    border[1:-1, 1:-1] = False
    return small[:, border]


SHORTCUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "histogram": histogram,
    "corners": corners,
    "frame": frame,
    "thumbnail": thumbnail,
}
BASELINES = ("corners", "frame", "histogram")  # those that models are compared with
SHORTCUT_TITLES = {  # for people
    "corners": Sentence("corners"),
    "frame": Sentence("border"),
    "histogram": Sentence("histogram"),
    "thumbnail": Sentence("thumbnail"),
}


def _auc(features: np.ndarray, labels: np.ndarray, patients: pd.Series) -> CrossValidatedAuc | None:
    # Imported lazily: scikit-learn takes a second, and pages that only browse need none of it.
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    if np.bincount(labels, minlength=2).min() < MIN_IMAGES:
        return None
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    with _classifier() as classifier:
        probabilities = np.asarray(
            cross_val_predict(classifier, features, labels, groups=patients, cv=folds, method="predict_proba")
        )
    value = float(roc_auc_score(labels, probabilities[:, 1]))
    return CrossValidatedAuc(value, interval("auc", labels, probabilities[:, 1], patients.to_numpy()))


@contextmanager
def _classifier() -> Iterator["HistGradientBoostingClassifier"]:
    """Gradient boosting, limited to one thread inside the block.

    A fit takes a second of very short loops, at the end of each of which all threads wait for one another. On
    two busy cores, two threads take up to fifteen times as long as one.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield HistGradientBoostingClassifier(random_state=0, max_iter=60)
