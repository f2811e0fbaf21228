"""The one resize, and the one conversion from pixels to the network's input."""

import numpy as np
import PIL.Image

from core.config import IMAGE_SIZE
from core.images.decoder import Image


def network_pixels(image: Image) -> np.ndarray:
    """Resize an image to the network's resolution: uint8 ndarray of shape (128, 128).

    Bilinear with antialiasing, without keeping the aspect ratio, as the method says. Training,
    evaluation and inference all use this function: another filter moves probabilities by up to 0.1.
    """
    picture = PIL.Image.fromarray(image.pixels)
    if picture.size != (IMAGE_SIZE, IMAGE_SIZE):
        picture = picture.resize((IMAGE_SIZE, IMAGE_SIZE), PIL.Image.Resampling.BILINEAR)
    return np.asarray(picture)


def network_input(pixels: np.ndarray) -> np.ndarray:
    """Convert uint8 pixels of shape (n, 128, 128) to float32 in [0, 1] of shape (n, 128, 128, 3)."""
    scaled = pixels.astype(np.float32) / 255.0
    return np.repeat(scaled[..., np.newaxis], 3, axis=-1)
