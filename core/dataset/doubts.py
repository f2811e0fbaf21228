"""Films whose label looks wrong to a linear probe. Nothing is corrected: a person has to look."""

import numpy as np

from core.dataset.film_features import film_features
from core.dataset.index import Dataset
from core.dataset.split import patients_or_films

FOLDS = 5
LEAST = 20  # films of each class, below which nothing is told


def label_doubts(dataset: Dataset) -> np.ndarray | None:
    """How little a linear probe on a network's features believes the label of each film.

    Logistic regression, predicted out of fold, patients kept together, so no film judges itself. Ranked
    by the "self-confidence" of confident learning (Northcutt, Jiang & Chuang, 2021).

    Returns:
        float64 ndarray of shape (films,): 1 - probability of the film's own label, NaN for films without
        features; None where no run has kept features, or a class has too few films.
    """
    kept = film_features(dataset.root)
    if kept is None:
        return None
    rows, features = kept.of(dataset)
    labels = dataset.labels[rows]
    if np.bincount(labels, minlength=2).min() < LEAST:
        return None
    # Imported here: it takes a second, and pages that only browse do without.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    patients = patients_or_films(dataset.table.iloc[rows])
    found = cross_val_predict(
        probe,
        features,
        labels,
        groups=patients,
        cv=folds,
        method="predict_proba",
    )
    doubts = np.full(len(dataset.table), np.nan)
    doubts[rows] = 1 - found[np.arange(len(rows)), labels]
    return doubts
