"""The metrics of a binary classifier; scikit-learn does the mathematics."""

from functools import lru_cache

import numpy as np
from sklearn import metrics

from core.config import THRESHOLD
from core.errors import UserError
from core.evaluation.calibration import expected_calibration_error
from core.evaluation.intervals import (
    Scores,
    patient_weights,
    percentile_interval,
    weighted_auc,
    weighted_average_precision,
    wilson,
)

FLOOR = 1e-7  # as Keras clips, so that one sure mistake does not make the loss infinite


def evaluate(labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> dict:
    """Metrics of one model on one split, as plain numbers.

    Args:
        labels: int ndarray of shape (n,), 0 NORMAL, 1 PNEUMONIA.
        probabilities: float ndarray of shape (n,), of PNEUMONIA.
        threshold: probability from which a film is called PNEUMONIA.

    Returns:
        n, threshold, loss (cross-entropy), accuracy, balanced_accuracy, precision (PPV), npv, recall
        (sensitivity), specificity, f1, auc, average_precision, brier, ece (expected calibration
        error), and confusion_matrix as [[tn, fp], [fn, tp]]. What the images cannot tell (a rate over
        no image, AUC of one class) is None, never a made-up number.

    Raises:
        UserError: there are no images, or a probability is not a number between 0 and 1.
    """
    labels, probabilities = _checked(labels, probabilities)
    called = (probabilities >= threshold).astype(int)
    matrix = metrics.confusion_matrix(labels, called, labels=[0, 1])
    (tn, fp), (fn, tp) = matrix.tolist()
    both = len(np.unique(labels)) == 2
    recall, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    return {
        "n": len(labels),
        "threshold": threshold,
        "loss": float(metrics.log_loss(labels, np.clip(probabilities, FLOOR, 1 - FLOOR), labels=[0, 1])),
        "accuracy": (tn + tp) / len(labels),
        "balanced_accuracy": (recall + specificity) / 2 if both else None,
        "precision": _share(tp, tp + fp),
        "npv": _share(tn, tn + fn),
        "recall": recall,
        "specificity": specificity,
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "auc": float(metrics.roc_auc_score(labels, probabilities)) if both else None,
        "average_precision": float(metrics.average_precision_score(labels, probabilities)) if both else None,
        "brier": float(np.mean((probabilities - labels) ** 2)),
        "ece": float(expected_calibration_error(labels, probabilities)[0]),
        "confusion_matrix": [[tn, fp], [fn, tp]],
    }


def intervals(
    labels: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, threshold: float = THRESHOLD
) -> dict[str, tuple[float, float] | None]:
    """95 % intervals of what `evaluate` gives, by the same names.

    Wilson's for accuracy, precision, npv, recall and specificity; for the rest 2,000 resamples of
    whole patients with a fixed seed. None where there is nothing to compute it from.

    Args:
        labels, probabilities, threshold: as for `evaluate`.
        patients: of each image, shape (n,).

    Raises:
        UserError: as `evaluate`.
    """
    labels, probabilities = _checked(labels, probabilities)
    called = probabilities >= threshold
    positive = labels == 1
    tp, fp = int((called & positive).sum()), int((called & ~positive).sum())
    fn, tn = int((~called & positive).sum()), int((~called & ~positive).sum())
    owners = tuple(patients)
    return {
        "accuracy": wilson(tn + tp, len(labels)),
        "precision": wilson(tp, tp + fp),
        "npv": wilson(tn, tn + fn),
        "recall": wilson(tp, tp + fn),
        "specificity": wilson(tn, tn + fp),
        **_of_calls(positive, called, _weights(owners)),
        **_of_scores(labels.astype(np.int64).tobytes(), probabilities.tobytes(), owners),
    }


@lru_cache(maxsize=1)  # 80 MB for 10,000 patients
def _weights(owners: tuple) -> np.ndarray:
    """The resamples of the patients who own the images, drawn once."""
    return patient_weights(np.array(owners))


def _of_calls(positive: np.ndarray, called: np.ndarray, weights: np.ndarray) -> dict:
    """Intervals of what depends on the threshold and is no proportion."""
    tp, fp = weights @ (called & positive), weights @ (called & ~positive)
    fn, tn = weights @ (~called & positive), weights @ (~called & ~positive)
    with np.errstate(invalid="ignore", divide="ignore"):
        balanced = (tp / (tp + fn) + tn / (tn + fp)) / 2
        f1 = 2 * tp / (2 * tp + fp + fn)
    return {"balanced_accuracy": percentile_interval(balanced), "f1": percentile_interval(f1)}


@lru_cache(maxsize=64)
def _of_scores(labels: bytes, probabilities: bytes, owners: tuple) -> dict:
    """Intervals of what no threshold changes: computed once for all moves of a slider."""
    labels, probabilities = np.frombuffer(labels, np.int64), np.frombuffer(probabilities)
    weights = _weights(owners)
    scores = Scores.of(labels, probabilities)
    total = weights.sum(axis=1)
    clipped = np.clip(probabilities, FLOOR, 1 - FLOOR)
    losses = -np.log(np.where(labels == 1, clipped, 1 - clipped))
    resampled = {
        "loss": weights @ losses / total,
        "auc": weighted_auc(scores, weights),
        "average_precision": weighted_average_precision(scores, weights),
        "brier": weights @ (probabilities - labels) ** 2 / total,
        "ece": expected_calibration_error(labels, probabilities, weights),
    }
    return {name: percentile_interval(values) for name, values in resampled.items()}


def predictive_values(recall: float, specificity: float, prevalence: float) -> tuple[float, float] | None:
    """PPV and NPV where the disease is as common as `prevalence` says, by Bayes' rule.

    None when nobody would be called positive, or nobody negative.

    >>> ppv, npv = predictive_values(0.9, 0.9, 0.1)
    >>> round(ppv, 3), round(npv, 3)
    (0.5, 0.988)
    """
    flagged = recall * prevalence + (1 - specificity) * (1 - prevalence)
    if not 0 < flagged < 1:
        return None
    return recall * prevalence / flagged, specificity * (1 - prevalence) / (1 - flagged)


def net_benefit(labels: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Net benefit of treating the films called positive, at each threshold below 1.

    Source: Vickers and Elkin, "Decision curve analysis", Medical Decision Making 2006.

    Returns:
        float64 ndarray of shape (thresholds,): true positives less false ones, weighted by the odds of
        the threshold, a share of all films.
    """
    labels, probabilities = _checked(labels, probabilities)
    called = probabilities[np.newaxis] >= thresholds[:, np.newaxis]
    odds = thresholds / (1 - thresholds)
    return ((called & (labels == 1)).sum(axis=1) - odds * (called & (labels == 0)).sum(axis=1)) / len(labels)


def _checked(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if not len(labels):
        raise UserError("There are no images to evaluate on.")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise UserError("The model gives probabilities that are no numbers between 0 and 1. Train it again.")
    return labels, probabilities


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
