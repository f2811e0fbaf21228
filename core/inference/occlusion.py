"""The occlusion test: predictions for images with a part hidden.

A model that gets worse when parts without lungs are hidden relies on those parts; one that is still good when
the lungs are hidden does not need them.
"""

from dataclasses import dataclass

import numpy as np

from core.config import IMAGE_SIZE
from core.inference.predictor import Predictor

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
LUNGS_HIDDEN, LUNGS_ALONE = "lungs", "all but the lungs"  # what each image's own masks hide


@dataclass(frozen=True, eq=False)
class OcclusionResult:
    """What a model predicts for images with parts hidden.

    Attributes:
        masked: probability of PNEUMONIA by hidden part, float64 (n,) each; NaN where an image's lungs are
            unknown and would be needed.
        hidden: output of the last hidden layer for the whole images, float16 (n, units).
    """

    masked: dict[str, np.ndarray]
    hidden: np.ndarray


def occlusion_test(predictor: Predictor, pixels: np.ndarray, lungs: np.ndarray) -> OcclusionResult:
    """Predictions for images with each part hidden, and the last hidden layer for the whole images.

    Args:
        pixels: framed images, uint8 (n, 128, 128).
        lungs: masks of their lungs, bool (n, 128, 128); empty where they are unknown.
    """
    masks = {name: np.broadcast_to(mask, lungs.shape) for name, mask in MASKS.items()}
    masks |= {LUNGS_HIDDEN: lungs, LUNGS_ALONE: ~lungs}
    known = lungs.any(axis=(1, 2))
    masked = {name: predictor.probabilities(hide(pixels, mask)) for name, mask in masks.items()}
    for name in (LUNGS_HIDDEN, LUNGS_ALONE):
        masked[name] = np.where(known, masked[name], np.nan)
    return OcclusionResult(masked, predictor.features(pixels)[1].astype(np.float16))


def hide(pixels: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Images with a part replaced by the mean grey of the rest of each image.

    Args:
        pixels: uint8 (n, 128, 128).
        masks: bool (n, 128, 128), True where hidden; an image that is hidden as a whole becomes black.
    """
    seen = ~masks
    means = np.sum(pixels * seen, axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    return np.where(masks, np.rint(means).astype(np.uint8)[:, np.newaxis, np.newaxis], pixels)
