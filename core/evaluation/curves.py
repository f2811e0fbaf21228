"""ROC and precision-recall curves with pointwise bands, from a bootstrap over patients."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from core.evaluation.intervals import CONFIDENCE, Scores, patient_weights
from core.evaluation.predictions import Predictions

GRID = np.linspace(0, 1, 101)
RESAMPLES = 500


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve and its 95 % pointwise band.

    Attributes:
        x, y: of the curve itself, shape (k,).
        grid: where the band is given, shape (101,).
        low, high: the band, shape (101,).
    """

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    low: np.ndarray
    high: np.ndarray


def roc(predictions: Predictions) -> Curve:
    """Sensitivity over 1 - specificity. Both classes must be there."""
    x, y, _ = roc_curve(predictions.labels, predictions.probabilities)
    found, false_alarms = _resampled(predictions)
    edge = np.zeros((len(found), 1))
    found = np.hstack([edge, found / found[:, -1:]])
    false_alarms = np.hstack([edge, false_alarms / false_alarms[:, -1:]])
    heights = np.stack([np.interp(GRID, xs, ys) for xs, ys in zip(false_alarms, found, strict=True)])
    return Curve(x, y, GRID, *_band(heights))


def precision_recall(predictions: Predictions) -> Curve:
    """Precision over sensitivity. Both classes must be there."""
    precision, recall, _ = precision_recall_curve(predictions.labels, predictions.probabilities)
    found, false_alarms = _resampled(predictions)
    with np.errstate(invalid="ignore", divide="ignore"):
        precisions = np.nan_to_num(found / (found + false_alarms), nan=1.0)
    recalls = found / found[:, -1:]
    heights = np.stack([np.interp(GRID, xs, ys) for xs, ys in zip(recalls, precisions, strict=True)])
    return Curve(recall[::-1], precision[::-1], GRID, *_band(heights))


def _resampled(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives above each distinct probability, highest first, in each usable resample."""
    scores = Scores.of(predictions.labels, predictions.probabilities)
    weights = patient_weights(predictions.patients, RESAMPLES)
    positives, negatives = (np.cumsum(sums[:, ::-1], axis=1) for sums in scores.tied_sums(weights))
    usable = (positives[:, -1] > 0) & (negatives[:, -1] > 0)
    return positives[usable], negatives[usable]


def _band(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.percentile(heights, [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)], axis=0))
