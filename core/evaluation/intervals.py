"""95% intervals: Wilson's for proportions, a bootstrap over patients for everything else."""

from functools import lru_cache
from math import sqrt
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 2000
SEED = 0
NO_WIDTH = 1e-9
Interval = tuple[float, float]


def z_value(confidence: float = CONFIDENCE) -> float:
    """Half the width of a two-sided interval of a normal distribution, in standard deviations.

    >>> round(z_value(), 2)
    1.96
    """
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=4096)
def wilson(part: float, whole: float, confidence: float = CONFIDENCE) -> Interval | None:
    """Wilson's score interval of a proportion; None for an empty sample.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927;
    recommended by Brown, Cai and DasGupta, Statistical Science 2001.

    >>> low, high = wilson(81, 263)  # Newcombe, Statistics in Medicine 1998, table I
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if not whole:
        return None
    z = z_value(confidence)
    rate, width = part / whole, 2 * (whole + z**2)
    centre = (2 * part + z**2) / width
    margin = z * sqrt(z**2 + 4 * whole * rate * (1 - rate)) / width
    return 0.0 if part == 0 else centre - margin, 1.0 if part == whole else centre + margin


def wilson_by_patient(correct: np.ndarray, patients: np.ndarray) -> Interval | None:
    """Wilson's interval of a share of images, for as many images as those of several patients are worth.

    The number of images is divided by the design effect, but not by less than 1. Without an error, or without
    a success, that effect is unknown, and patients are counted instead of images. Source: Rao and Scott, "A
    simple method for the analysis of clustered binary data", Biometrics 1992.

    Args:
        correct: whether each image counts, bool (n,).
        patients: patient of each image, any labels, shape (n,).

    Returns:
        The interval; `wilson` of the images where each is of another patient. None for no images.
    """
    images = len(correct)
    if not images:
        return None
    _, patient_numbers = np.unique(patients, return_inverse=True)
    count, rate = int(patient_numbers.max()) + 1, float(np.mean(correct))
    worth: float = count
    if 0 < rate < 1 and count > 1:
        residuals = np.bincount(patient_numbers, np.asarray(correct) - rate)
        variance = count / (count - 1) * (residuals**2).sum() / images**2
        worth = min(images, rate * (1 - rate) / variance) if count < images else images
    return wilson(rate * worth, worth)


def patient_weights(patients: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """How often each image counts in each resample, when whole patients are drawn with replacement.

    Images of one patient resemble each other, so drawing single images would make intervals too narrow.
    Source: Field and Welsh, "Bootstrapping clustered data", JRSS B 2007.

    Args:
        patients: patient of each image, any labels, shape (n,).
        resamples: number of resamples.
        seed: the same seed draws the same resamples.

    Returns:
        int32 ndarray of shape (resamples, n).
    """
    _, patient_numbers = np.unique(patients, return_inverse=True)
    count = patient_numbers.max() + 1
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
    return draws[:, patient_numbers].astype(np.int32)


def percentile_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> Interval | None:
    """Percentile interval of resampled values, (resamples,).

    None if most resamples have no value, or nearly all have the same: a ROC AUC of 1.000 stays 1.000 however
    often its images are drawn, which does not make it certain.
    """
    values = values[np.isfinite(values)]
    if len(values) < RESAMPLES / 2:
        return None
    low, high = np.percentile(values, [50 * (1 - confidence), 50 * (1 + confidence)])
    return (float(low), float(high)) if high - low > NO_WIDTH else None
