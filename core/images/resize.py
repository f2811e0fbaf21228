"""The one resize, and the one conversion from pixels to the network's input."""

import numpy as np
import PIL.Image

from core.config import IMAGE_SIZE
from core.images.decoder import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the width and the height
WHOLE_IMAGE: Box = (0.0, 0.0, 1.0, 1.0)


def network_pixels(image: Image, box: Box = WHOLE_IMAGE) -> np.ndarray:
    """Resize an image, or a part of it, to the network's resolution: uint8 ndarray of shape (128, 128).

    Bilinear with antialiasing, without keeping the aspect ratio, as the method says. Training,
    evaluation and inference all use this function: another filter moves probabilities by up to 0.1.

    Args:
        image: decoded.
        box: the part to take; its edges may lie between pixels.
    """
    picture, size = PIL.Image.fromarray(image.pixels), (IMAGE_SIZE, IMAGE_SIZE)
    if box != WHOLE_IMAGE:
        (left, top, right, bottom), (width, height) = box, picture.size
        edges = left * width, top * height, right * width, bottom * height
        picture = picture.resize(size, PIL.Image.Resampling.BILINEAR, edges)
    elif picture.size != size:
        picture = picture.resize(size, PIL.Image.Resampling.BILINEAR)
    return np.asarray(picture)


def network_input(pixels: np.ndarray) -> np.ndarray:
    """Convert uint8 pixels of shape (n, 128, 128) to float32 in [0, 1] of shape (n, 128, 128, 3)."""
    scaled = pixels.astype(np.float32) / 255.0
    return np.repeat(scaled[..., np.newaxis], 3, axis=-1)
