"""How an image may be oriented, and what its orientation is judged by."""

from collections.abc import Callable

import numpy as np

from core.config import IMAGE_SIZE

THUMBNAIL = 16  # pixels per side

ORIENTATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # each makes it from an upright image
    "upright": lambda pixels: pixels,
    "inverted": lambda pixels: 255 - pixels,
    "upside down": lambda pixels: pixels[..., ::-1, :],
    "rotated left": lambda pixels: np.rot90(pixels, 1, (-2, -1)),
    "rotated right": lambda pixels: np.rot90(pixels, -1, (-2, -1)),
}
INVERSES = {"rotated left": "rotated right", "rotated right": "rotated left"}  # the others undo themselves


def thumbnails(pixels: np.ndarray) -> np.ndarray:
    """Means over 8 x 8 pixels, standardised to mean 0 and deviation 1 per image: float32 (n, 256).

    Args:
        pixels: uint8 (n, 128, 128).
    """
    block = IMAGE_SIZE // THUMBNAIL
    parts = pixels.reshape(len(pixels), THUMBNAIL, block, THUMBNAIL, block)
    small = parts.mean(axis=(2, 4), dtype=np.float32).reshape(len(pixels), -1)
    spread = small.std(axis=1, keepdims=True)
    return (small - small.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6)
