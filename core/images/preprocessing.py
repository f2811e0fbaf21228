"""Preprocessing that a run applies to every image before the network, in training and inference alike."""

from collections.abc import Callable

import numpy as np

from core.config import CLAHE, RANK

CLIP_LIMIT, TILES = 2.0, (8, 8)
LEVELS = 256


def preprocess(pixels: np.ndarray, method: str) -> np.ndarray:
    """Apply a preprocessing method to images at the network's resolution.

    `clahe` is contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994) as
    OpenCV computes it, with 8 x 8 tiles and a clip limit of 2; it takes half a millisecond an image.
    `rank` replaces grey levels by their ranks: no strictly increasing change of them, such as a gamma,
    makes a difference but for rounding.

    Args:
        pixels: uint8 ndarray of shape (n, 128, 128), left unchanged.
        method: one of `core.config.PREPROCESSING`.

    Returns:
        uint8 ndarray of the same shape; the same array for `none`.
    """
    if method == CLAHE:
        return _each(_clahe(), pixels)
    if method == RANK:
        return _each(_ranks, pixels)
    return pixels


def _each(change: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray) -> np.ndarray:
    return np.stack([change(image) for image in pixels]) if len(pixels) else pixels


def _clahe() -> Callable[[np.ndarray], np.ndarray]:
    import cv2  # imported lazily: only CLAHE needs OpenCV

    return cv2.createCLAHE(CLIP_LIMIT, TILES).apply


def _ranks(image: np.ndarray) -> np.ndarray:
    """Each grey level as the share of pixels below it, those of its own level counted half, over 0 to 255."""
    counts = np.bincount(image.ravel(), minlength=LEVELS)
    middle = np.cumsum(counts) - counts / 2
    return np.rint((LEVELS - 1) * middle / image.size).astype(np.uint8)[image]
