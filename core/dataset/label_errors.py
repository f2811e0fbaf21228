"""Finding images that may be mislabelled, for a person to review. Labels are never changed automatically."""

import numpy as np

from core.dataset.dataset import Dataset
from core.dataset.image_features import read_image_features
from core.dataset.label_reviews import counting_reviews, label_reviews
from core.evaluation import patient_groups

FOLDS = 5
MIN_IMAGES = 20  # of each class
SUSPICIOUS = 0.5  # score above which the probe would have given the other label


def reviewed_rows(dataset: Dataset) -> np.ndarray:
    """Row numbers of the images whose label was reviewed."""
    reviewed = counting_reviews(label_reviews(dataset.table))["sha256"]
    return np.flatnonzero(dataset.table["sha256"].isin(reviewed))


def label_error_scores(dataset: Dataset) -> np.ndarray | None:
    """Score how likely each image's label is wrong, by a linear probe on a network's features.

    Logistic regression, predicted out of fold with patients kept together, so no image scores itself. The
    score is 1 minus the "self-confidence" of confident learning (Northcutt, Jiang & Chuang, 2021).

    Returns:
        float64 ndarray of shape (images,): 1 - predicted probability of the image's own label, NaN for images
        without features; None if no run has stored features, or a class has too few images.
    """
    stored = read_image_features(dataset.root)
    if stored is None:
        return None
    rows, features = stored.of(dataset)
    labels = dataset.labels[rows]
    if np.bincount(labels, minlength=2).min() < MIN_IMAGES:
        return None
    # Imported lazily: scikit-learn takes a second, and pages that only browse need none of it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    groups = patient_groups(dataset.table.iloc[rows])
    probabilities = np.asarray(
        cross_val_predict(probe, features, labels, groups=groups, cv=folds, method="predict_proba")
    )
    scores = np.full(len(dataset.table), np.nan)
    scores[rows] = 1 - probabilities[np.arange(len(rows)), labels]
    return scores


def suspicious_labels(dataset: Dataset, scores: np.ndarray | None) -> np.ndarray:
    """Row numbers of the images that a reader should review, the most suspicious first.

    Those whose score from `label_error_scores` is above one half and whose label was not reviewed yet.
    """
    if scores is None:
        return np.array([], int)
    rows = np.setdiff1d(np.flatnonzero(scores > SUSPICIOUS), reviewed_rows(dataset))
    return rows[np.argsort(-scores[rows], kind="stable")]
