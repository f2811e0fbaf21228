"""Calibration: how far predicted probabilities match observed frequencies, and temperature scaling."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.intervals import wilson

BINS = 10
MIN_PROBABILITY = 1e-7
TEMPERATURE_RANGE = (0.05, 20.0)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature T that minimises the log loss of sigmoid(log-odds / T).

    Fit it on validation. T above 1 makes probabilities less extreme. It preserves their order, so the ROC
    curve stays the same. Source: Guo et al., "On calibration of modern neural networks", ICML 2017.

    Args:
        labels: 0 or 1, shape (n,).
        probabilities: of class 1, shape (n,).

    Returns:
        T; 1.0 if nothing can be fitted: one class is missing, or all probabilities are on the right side of
        one half. Any smaller T would then fit better, down to certainty.
    """
    from scipy.optimize import minimize_scalar

    labels = np.asarray(labels)
    if len(np.unique(labels)) < 2:
        return 1.0
    odds = log_odds(probabilities)
    if ((odds > 0) == (labels == 1)).all():
        return 1.0

    def log_loss(log_temperature: float) -> float:
        scaled = odds / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - labels * scaled))

    optimum = minimize_scalar(log_loss, bounds=tuple(np.log(TEMPERATURE_RANGE)), method="bounded")
    return float(np.exp(optimum.x))


def calibrated(probabilities: np.ndarray | float, temperature: float) -> np.ndarray:
    """Probabilities after temperature scaling, same shape.

    >>> float(calibrated(np.array([0.9]), 2.0)[0])
    0.75
    """
    return _sigmoid(log_odds(probabilities) / temperature)


def mean_log_odds(
    probabilities: Sequence[np.ndarray | Sequence[float]], temperatures: Sequence[float]
) -> np.ndarray:
    """Probabilities of an ensemble: of the mean of its members' log-odds, each after temperature scaling.

    Args:
        probabilities: by each member, before calibration, (n,) each.
        temperatures: of the members' calibration.

    Returns:
        float64 (n,).

    >>> mean_log_odds([[0.9], [0.5]], [2.0, 1.0]).round(3).tolist()  # log-odds 2.2 / 2 and 0
    [0.634]
    """
    scaled = [
        log_odds(np.asarray(each)) / temperature
        for each, temperature in zip(probabilities, temperatures, strict=True)
    ]
    return _sigmoid(np.mean(scaled, axis=0))


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None, bins: int = BINS
) -> np.ndarray:
    """Mean distance between probability and frequency over bins of equal width, weighted by bin size.

    Bins are of the probability of class 1 (Naeini, Cooper and Hauskrecht, AAAI 2015), not of the more
    confident class.

    Args:
        labels, probabilities: shape (n,).
        weights: how often each image counts, (resamples, n); None counts each once.
        bins: number of bins.

    Returns:
        float64 ndarray of shape (resamples,).
    """
    weights = np.ones((1, len(labels))) if weights is None else np.atleast_2d(weights).astype(np.float64)
    membership = np.eye(bins)[_bin_numbers(probabilities, bins)]  # (n, bins)
    gap = weights @ (membership * (np.asarray(labels) - np.asarray(probabilities))[:, np.newaxis])
    return np.abs(gap).sum(axis=1) / weights.sum(axis=1)


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> list[dict]:
    """The reliability diagram's bins that are not empty, one dict each.

    Returns:
        `range`, lowest and highest probability of the bin; `n`, images; `probability`, their mean;
        `positives`, how many have pneumonia; `interval`, Wilson's 95% interval of their share.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    numbers = _bin_numbers(probabilities, bins)
    rows = []
    for number in np.unique(numbers):
        chosen = numbers == number
        images, positives = int(chosen.sum()), int(labels[chosen].sum())
        rows.append(
            {
                "range": (number / bins, (number + 1) / bins),
                "n": images,
                "probability": float(probabilities[chosen].mean()),
                "positives": positives,
                "interval": wilson(positives, images),
            }
        )
    return rows


def log_odds(probabilities: np.ndarray | float) -> np.ndarray:
    """Log-odds, finite for probabilities of 0 and 1, same shape."""
    clipped = np.clip(np.asarray(probabilities, np.float64), MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log(clipped / (1 - clipped))


def _sigmoid(odds: np.ndarray) -> np.ndarray:
    """Probabilities of log-odds, which stay below 400: half of what their exponential can hold."""
    return 1 / (1 + np.exp(-odds))


def _bin_numbers(probabilities: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((np.asarray(probabilities) * bins).astype(int), bins - 1)
