"""How far bfloat16 moves what a model says, and which images need float32 because of it.

Rounding moves log-odds by about the same amount everywhere, so that probabilities near one half move most. By
how much differs from model to model and is measured on validation images, with the model's reference. The
rule was written before it was applied: docs/results/bfloat16.md.
"""

import numpy as np

from core.evaluation import log_odds
from core.weights import ModelRecord

MAX_ERROR = 0.01  # of a probability that is shown
UNKNOWN = 0.08  # of a model for which it was not measured: float32 from 0.15 to 0.85
SAFETY = 1.5  # other images may be moved farther than those of validation
UNSURE = (0.02, 0.98)  # beyond, no rounding moves a probability by much
MIN_IMAGES = 20  # fewer unsure ones do not tell


def unsure(probabilities: np.ndarray) -> np.ndarray:
    """Mask of the probabilities by which rounding is measured."""
    return (probabilities > UNSURE[0]) & (probabilities < UNSURE[1])


def largest_rounding(rounded: np.ndarray, exact: np.ndarray) -> float | None:
    """By how much rounding moves log-odds at most; None where there are too few images to tell.

    Args:
        rounded, exact: probabilities of unsure validation images in bfloat16 and in float32, (n,).
    """
    if len(exact) < MIN_IMAGES:
        return None
    return SAFETY * float(np.abs(log_odds(rounded) - log_odds(exact)).max())


def needs_float32(probabilities: np.ndarray, rounding: float, record: ModelRecord) -> np.ndarray:
    """Mask of the images whose probability may be off by more than 0.01, or whose label or zone may differ.

    Args:
        probabilities: in bfloat16, before calibration, (n,).
        rounding: of the model's log-odds, as from `largest_rounding`.
        record: of the model.
    """
    odds = log_odds(probabilities)
    certain, least = np.abs(odds), np.abs(odds) - rounding  # a move towards one half is the larger one
    shown, moved = (1 / (1 + np.exp(-each / record.temperature)) for each in (certain, least))
    zones = record.zones or {}
    bounds = log_odds(np.array([record.threshold, *(zones[name] for name in ("low", "high") if zones)]))
    near = (np.abs(odds[:, np.newaxis] - bounds) <= rounding).any(axis=1)
    return (shown - moved > MAX_ERROR) | near
