"""The occlusion test: predictions for images with a part hidden.

A model that gets worse when parts without lungs are hidden relies on those parts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.config import IMAGE_SIZE
from core.inference.predictor import BATCH, Predictor

OUTER = round(0.15 * IMAGE_SIZE)  # width of the hidden border, pixels
CORNER = IMAGE_SIZE // 4  # side of the hidden squares, pixels


def _outer() -> np.ndarray:
    mask = np.ones((IMAGE_SIZE, IMAGE_SIZE), bool)
    mask[OUTER:-OUTER, OUTER:-OUTER] = False
    return mask


def _corners() -> np.ndarray:
    mask = np.zeros((IMAGE_SIZE, IMAGE_SIZE), bool)
    for rows in (slice(CORNER), slice(-CORNER, None)):
        for columns in (slice(CORNER), slice(-CORNER, None)):
            mask[rows, columns] = True
    return mask


MASKS = {"outer 15%": _outer(), "corners": _corners()}  # bool (128, 128) each, True where hidden


@dataclass(frozen=True, eq=False)
class OcclusionResult:
    """What a model predicts for images with parts hidden.

    Attributes:
        masked: probability of PNEUMONIA by mask, float64 (n,) each.
        hidden: output of the last hidden layer for the whole images, float16 (n, units).
    """

    masked: dict[str, np.ndarray]
    hidden: np.ndarray


def occlusion_test(
    predictor: Predictor, pixels: np.ndarray, progress: Callable[[int, int], None] | None = None
) -> OcclusionResult:
    """Predictions for images under each of `MASKS`, and the last hidden layer for the whole images.

    Args:
        pixels: uint8 (n, 128, 128).
        progress: called with (images done, images in total).
    """
    masked = {name: [] for name in MASKS}
    hidden = []
    for start in range(0, len(pixels), BATCH):
        batch = np.array(pixels[start : start + BATCH])
        hidden.append(predictor.features(batch)[1].astype(np.float16))
        for name, mask in MASKS.items():
            masked[name].append(predictor.probabilities(hide(batch, mask)))
        if progress:
            progress(min(start + BATCH, len(pixels)), len(pixels))
    probabilities = {name: np.concatenate(parts) for name, parts in masked.items()}
    return OcclusionResult(probabilities, np.concatenate(hidden))


def hide(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Images with a part replaced by the mean grey of the rest of each image.

    Args:
        pixels: uint8 (n, 128, 128).
        mask: bool (128, 128), True where hidden.
    """
    hidden = pixels.copy()
    rest = pixels[:, ~mask].mean(axis=1)
    hidden[:, mask] = np.rint(rest)[:, np.newaxis].astype(np.uint8)
    return hidden
