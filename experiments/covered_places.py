"""What a model makes of an image of which a place in the lungs is covered: how far the log-odds fall."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from core.config import POSITIVE
from core.images import preprocess
from core.inference import ModelOutput
from core.inference.network_predictor import NetworkPredictor

RADIUS, EDGE = 10, 1.5  # of a covered disc, pixels of what the model sees; its softness
AERATED = 25  # percentile of the grey levels in the lungs, to which a place is set
STEP = 8  # pixels between places all over the lungs
Place = tuple[int, int]


def as_seen(predictor: NetworkPredictor, outputs: Sequence[ModelOutput]) -> np.ndarray:
    """The network's input for some images, uint8 (n, 128, 128)."""
    return preprocess(np.stack([output.pixels for output in outputs]), predictor.record.preprocessing)


def log_odds_of(predictor: NetworkPredictor, pixels: np.ndarray) -> np.ndarray:
    """Log-odds of pneumonia from the network's input, uint8 (n, 128, 128)."""
    output = predictor.engine.head(predictor.engine.activations(pixels, predictor.precision))
    return np.log(output.probabilities[:, POSITIVE]) - np.log(output.probabilities[:, 1 - POSITIVE])


def lungs_in_frame(output: ModelOutput) -> np.ndarray:
    """The lungs in what the model sees, bool (128, 128)."""
    assert output.lungs is not None  # callers pass plausible lungs
    height, width = output.pixels.shape
    return output.lungs.mask(height, width, output.frame.box)


def falls(predictor: NetworkPredictor, output: ModelOutput, places: Sequence[Place]) -> np.ndarray:
    """By how much the log-odds fall when a disc at each place is covered, (places,).

    Args:
        places: row and column in what the model sees.
    """
    pixels = np.concatenate([output.pixels[np.newaxis], _covered(output, places)])
    odds = log_odds_of(predictor, preprocess(pixels, predictor.record.preprocessing))
    return odds[0] - odds[1:]


def falls_over_lungs(predictor: NetworkPredictor, output: ModelOutput) -> np.ndarray:
    """The falls at places all over the lungs as a map, float32 (16, 16); 0 outside, and where none falls."""
    mask, side = lungs_in_frame(output), len(output.pixels) // STEP
    cells = [
        (row, column)
        for row in range(side)
        for column in range(side)
        if mask[row * STEP + STEP // 2, column * STEP + STEP // 2]
    ]
    values = np.zeros((side, side), np.float32)
    if cells:
        places = [(row * STEP + STEP // 2, column * STEP + STEP // 2) for row, column in cells]
        values[tuple(np.transpose(cells))] = np.maximum(falls(predictor, output, places), 0)
    return values


def _covered(output: ModelOutput, places: Sequence[Place]) -> np.ndarray:
    """What the model sees with a disc covered at each place, uint8 (places, 128, 128)."""
    pixels = output.pixels.astype(np.float32)
    grey = np.percentile(output.pixels[lungs_in_frame(output)], AERATED)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    covered = []
    for row, column in places:
        disc = ((rows - row) ** 2 + (columns - column) ** 2 <= RADIUS**2).astype(np.float32)
        alpha = gaussian_filter(disc, EDGE)
        covered.append(np.rint(pixels + alpha * (grey - pixels)).astype(np.uint8))
    return np.stack(covered)
