"""The one resize, and the one conversion from pixels to the network's input."""

import numpy as np
from PIL import Image

from core.config import IMAGE_SIZE
from core.images.decoder import Radiograph


def network_pixels(radiograph: Radiograph) -> np.ndarray:
    """What the network sees of a film: uint8 ndarray of shape (128, 128).

    Bilinear with antialiasing, the aspect ratio not kept, as the method does. Training, evaluation
    and diagnosis all come through here: another filter moves probabilities by up to 0.1.
    """
    image = Image.fromarray(radiograph.pixels)
    if image.size != (IMAGE_SIZE, IMAGE_SIZE):
        image = image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BILINEAR)
    return np.asarray(image)


def network_input(pixels: np.ndarray) -> np.ndarray:
    """Pixels of shape (n, 128, 128), uint8, as the network's input: (n, 128, 128, 3), float32 in [0, 1]."""
    scaled = pixels.astype(np.float32) / 255.0
    return np.repeat(scaled[..., np.newaxis], 3, axis=-1)
