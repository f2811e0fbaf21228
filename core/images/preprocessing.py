"""What a run may do to all films before its network sees them, in training and in diagnosis alike."""

import numpy as np

from core.config import CLAHE

CLIP_LIMIT, TILES = 2.0, (8, 8)


def preprocessed(pixels: np.ndarray, how: str) -> np.ndarray:
    """Films as a network was promised them.

    `clahe` is contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994) of what
    the network sees, 8 x 8 tiles, clip limit 2, as OpenCV computes it: half a millisecond a film.

    Args:
        pixels: uint8 ndarray of shape (n, 128, 128), not changed.
        how: one of `core.config.PREPROCESSING`.

    Returns:
        uint8 ndarray of the same shape; the same array for `none`.
    """
    if how != CLAHE:
        return pixels
    import cv2  # here: who does without CLAHE, does without it

    equaliser = cv2.createCLAHE(CLIP_LIMIT, TILES)
    return np.stack([equaliser.apply(film) for film in pixels])
