"""Whether probabilities mean what they say, and a temperature that makes them."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

BINS = 10
SMALLEST = 1e-7
TEMPERATURES = (0.05, 20.0)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature T that minimises the log loss of sigmoid(log-odds / T).

    To be fitted on validation. Above 1 it makes answers less sure. It changes no order, so it moves
    no ROC curve. Source: Guo et al., "On calibration of modern neural networks", ICML 2017.

    Args:
        labels: 0 or 1, shape (n,).
        probabilities: of class 1, shape (n,).

    Returns:
        T; 1.0 when one class is missing and nothing can be fitted.
    """
    labels = np.asarray(labels)
    if len(np.unique(labels)) < 2:
        return 1.0
    odds = log_odds(probabilities)

    def loss(log_temperature: float) -> float:
        scaled = odds / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - labels * scaled))

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities after temperature scaling, same shape.

    >>> float(calibrated(np.array([0.9]), 2.0)[0])
    0.75
    """
    return expit(log_odds(probabilities) / temperature)


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None, bins: int = BINS
) -> np.ndarray:
    """Mean distance of probability and frequency over bins of equal width, weighted by their share.

    Of the probability of class 1 (Naeini, Cooper and Hauskrecht, AAAI 2015), not of the surer class.

    Args:
        labels, probabilities: shape (n,).
        weights: how often each counts, (resamples, n); None counts each once.
        bins: how many.

    Returns:
        float64 ndarray of shape (resamples,).
    """
    weights = np.ones((1, len(labels))) if weights is None else np.atleast_2d(weights).astype(np.float64)
    member = np.eye(bins)[_bin_of(probabilities, bins)]  # (n, bins)
    gap = weights @ (member * (np.asarray(labels) - np.asarray(probabilities))[:, np.newaxis])
    return np.abs(gap).sum(axis=1) / weights.sum(axis=1)


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> list[dict]:
    """For each bin that holds images: their number, mean probability, and how many were positive."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    place = _bin_of(probabilities, bins)
    return [
        {
            "n": int((place == number).sum()),
            "probability": float(probabilities[place == number].mean()),
            "positives": int(labels[place == number].sum()),
        }
        for number in np.unique(place)
    ]


def _bin_of(probabilities: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((np.asarray(probabilities) * bins).astype(int), bins - 1)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Log-odds, finite where a probability is 0 or 1, same shape."""
    return logit(np.clip(np.asarray(probabilities, np.float64), SMALLEST, 1 - SMALLEST))
