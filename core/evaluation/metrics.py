"""The metrics of a binary classifier; scikit-learn does the mathematics."""

import numpy as np
from sklearn import metrics

from core.config import THRESHOLD
from core.errors import UserError

FLOOR = 1e-7  # as Keras clips, so that one sure mistake does not make the loss infinite


def evaluate(labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> dict:
    """Metrics of one model on one split, as plain numbers.

    Args:
        labels: int ndarray of shape (n,), 0 NORMAL, 1 PNEUMONIA.
        probabilities: float ndarray of shape (n,), of PNEUMONIA.
        threshold: probability from which a film is called PNEUMONIA.

    Returns:
        n, threshold, loss (cross-entropy), accuracy, precision, recall (sensitivity), specificity,
        f1, auc, and confusion_matrix as [[tn, fp], [fn, tp]]. What the images cannot tell (a rate
        over no image, AUC of one class) is None, never a made-up number.

    Raises:
        UserError: there are no images, or a probability is not a number between 0 and 1.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if not len(labels):
        raise UserError("There are no images to evaluate on.")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise UserError("The model gives probabilities that are no numbers between 0 and 1. Train it again.")
    called = (probabilities >= threshold).astype(int)
    matrix = metrics.confusion_matrix(labels, called, labels=[0, 1])
    (tn, fp), (fn, tp) = matrix.tolist()
    both = len(np.unique(labels)) == 2
    return {
        "n": len(labels),
        "threshold": threshold,
        "loss": float(metrics.log_loss(labels, np.clip(probabilities, FLOOR, 1 - FLOOR), labels=[0, 1])),
        "accuracy": (tn + tp) / len(labels),
        "precision": _share(tp, tp + fp),
        "recall": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "auc": float(metrics.roc_auc_score(labels, probabilities)) if both else None,
        "confusion_matrix": [[tn, fp], [fn, tp]],
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
