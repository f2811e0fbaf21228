"""ROC and precision-recall curves with pointwise 95% bands, from a bootstrap over patients."""

from dataclasses import dataclass

import numpy as np

from core.evaluation.intervals import CONFIDENCE, patient_weights
from core.evaluation.predictions import Predictions
from core.evaluation.ranking import RankedScores

GRID = np.linspace(0, 1, 101)
RESAMPLES = 500


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve and its 95% pointwise band.

    Attributes:
        x, y: of the curve, shape (k,).
        grid: x of the band, shape (101,).
        low, high: bounds of the band, shape (101,).
    """

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    low: np.ndarray
    high: np.ndarray


def roc(predictions: Predictions) -> Curve:
    """Sensitivity over 1 - specificity; needs images of both classes."""
    from sklearn.metrics import roc_curve

    x, y, _ = roc_curve(predictions.labels, predictions.probabilities)
    true_positives, false_positives = _resampled(predictions)
    origin = np.zeros((len(true_positives), 1))
    sensitivities = np.hstack([origin, true_positives / true_positives[:, -1:]])
    false_positive_rates = np.hstack([origin, false_positives / false_positives[:, -1:]])
    return Curve(x, y, GRID, *_band(false_positive_rates, sensitivities))


def precision_recall(predictions: Predictions) -> Curve:
    """PPV (precision) over sensitivity (recall); needs images of both classes."""
    from sklearn.metrics import precision_recall_curve

    ppv, sensitivity, _ = precision_recall_curve(predictions.labels, predictions.probabilities)
    true_positives, false_positives = _resampled(predictions)
    with np.errstate(invalid="ignore", divide="ignore"):
        ppvs = np.nan_to_num(true_positives / (true_positives + false_positives), nan=1.0)
    sensitivities = true_positives / true_positives[:, -1:]
    return Curve(sensitivity[::-1], ppv[::-1], GRID, *_band(sensitivities, ppvs))


def _resampled(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each distinct threshold, descending: (usable resamples, distinct) each."""
    scores = RankedScores.of(predictions.labels, predictions.probabilities)
    weights = patient_weights(predictions.patients, RESAMPLES)
    positives, negatives = (np.cumsum(sums[:, ::-1], axis=1) for sums in scores.tied_sums(weights))
    usable = (positives[:, -1] > 0) & (negatives[:, -1] > 0)
    return positives[usable], negatives[usable]


def _band(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles on `GRID` of the curves whose points are the rows of x and y."""
    heights = np.stack([np.interp(GRID, xs, ys) for xs, ys in zip(x, y, strict=True)])
    low, high = np.percentile(heights, [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)], axis=0)
    return low, high
