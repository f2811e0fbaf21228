"""Mahalanobis distance to the nearer class mean.

Lee et al., "A simple unified framework for detecting out-of-distribution samples and adversarial attacks",
NeurIPS 2018, with the covariance of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
covariance matrices", 2004.
"""

import numpy as np

from core.config import CLASS_NAMES


def fit_classes(numbers: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each class, float32 (2, k), and inverse covariance around the means, float32 (k, k).

    Args:
        numbers: of images of both classes, float32 (n, k).
        classes: int (n,).
    """
    from sklearn.covariance import LedoitWolf  # imported lazily: it takes a second

    means = np.stack([numbers[classes == number].mean(axis=0) for number in range(len(CLASS_NAMES))])
    fitted = LedoitWolf(assume_centered=True).fit(numbers - means[classes])
    return means, np.asarray(fitted.precision_).astype(np.float32)


def class_distances(numbers: np.ndarray, means: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Distances to the nearer mean, float64 (n,).

    Args:
        numbers: float32 (n, k).
        means, precision: from `fit_classes`.
    """
    deviations = [numbers - mean for mean in means]
    squares = [((part @ precision) * part).sum(axis=1) for part in deviations]
    return np.sqrt(np.maximum(np.min(squares, axis=0), 0).astype(np.float64))
