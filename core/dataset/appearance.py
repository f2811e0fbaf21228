"""Random changes of an X-ray's appearance, such as other detectors, programs and people would make.

Each image's changes are drawn from (seed, image, view), like those of framing and exposure. No TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from core.config import Augmentation

APPEARANCE_STREAM = 3  # separates the random numbers of the appearance from those of matrix, frame and curve
SHARPENED_RADIUS = 1.5  # pixels: standard deviation of the blur that unsharp masking subtracts
TILES = (4, 4)  # of contrast-limited adaptive equalisation
CLIP_LIMIT = 3.0
TEXT = "LRAPSUPINE0123456789"
LARGEST_KERNEL = 5  # pixels a side

Draw = np.random.Generator
Change = Callable[[np.ndarray, float, Draw], np.ndarray]


def changed_appearance(pixels: np.ndarray, strengths: Augmentation, random: Draw) -> np.ndarray:
    """Change the appearance of one image at the network's resolution.

    Args:
        pixels: uint8 ndarray of shape (side, side).
        strengths: maximum changes; 0 leaves an appearance as it is and draws nothing.
        random: of this image and view.

    Returns:
        uint8 ndarray of shape (side, side).
    """
    for name, change in CHANGES.items():
        if strength := getattr(strengths, name):
            pixels = change(pixels, strength, random)
    return pixels


def _textured(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """Blended with its convolution by a random kernel, brought to the image's mean and contrast.

    Xu et al., "Robust and generalizable visual representation learning via random convolutions", ICLR 2021.
    A kernel that would invert the image is negated: half of each would leave nothing to see.
    """
    side = int(random.choice(range(1, LARGEST_KERNEL + 1, 2)))
    kernel = random.normal(0, 1 / side, (side, side)).astype(np.float32)
    image = pixels.astype(np.float32)
    texture = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    contrast, mean = texture - texture.mean(), float(image.mean())
    sign = 1 if float((contrast * (image - mean)).sum()) >= 0 else -1
    texture = mean + contrast * (sign * float(image.std()) / max(float(contrast.std()), 1e-6))
    share = random.uniform(0, strength)
    return _grey_levels((1 - share) * image + share * texture)


def _locally_equalised(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """Blended with its contrast-limited adaptive histogram equalisation."""
    equalised = cv2.createCLAHE(CLIP_LIMIT, TILES).apply(pixels)
    return cv2.addWeighted(equalised, share := random.uniform(0, strength), pixels, 1 - share, 0)


def _marked(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """With a line, a marker or text, in a share of the images that is the strength."""
    if random.random() >= strength:
        return pixels
    marked, side, grey = pixels.copy(), len(pixels), int(random.integers(120, 256))
    start = random.uniform(0, side, 2)
    kind = random.integers(3)
    if kind == 0:
        points = start + np.cumsum(random.normal(0, side / 9, (6, 2)), axis=0)
        cv2.polylines(marked, [points.astype(np.int32)], False, grey, 1, cv2.LINE_AA)
    elif kind == 1:
        end = start + random.uniform(0.03, 0.12, 2) * side
        cv2.rectangle(marked, start.astype(int).tolist(), end.astype(int).tolist(), grey, -1)
    else:
        text = "".join(random.choice(list(TEXT), random.integers(1, 7)))
        size = random.uniform(0.25, 0.5)
        anchor = start.astype(int).tolist()
        cv2.putText(marked, text, anchor, cv2.FONT_HERSHEY_SIMPLEX, size, grey, 1, cv2.LINE_AA)
    return marked


def _resampled(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """As if taken at a lower resolution."""
    side = len(pixels)
    smaller = max(8, round(side * (1 - random.uniform(0, strength))))
    small = cv2.resize(pixels, (smaller, smaller), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)


def _sharpened_or_blurred(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """Sharpened by unsharp masking, or blurred, by up to the strength: its share, or pixels."""
    amount = random.uniform(-strength, strength)
    if amount > 0:
        soft = cv2.GaussianBlur(pixels, (0, 0), SHARPENED_RADIUS)
        return cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0)
    return cv2.GaussianBlur(pixels, (0, 0), -amount) if amount < -0.1 else pixels


def _noisy(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """With Gaussian noise of a standard deviation of up to this share of the grey levels."""
    deviation = 255 * random.uniform(0, strength)
    return _grey_levels(pixels + deviation * random.standard_normal(pixels.shape, np.float32))


def _compressed(pixels: np.ndarray, strength: float, random: Draw) -> np.ndarray:
    """Stored as a JPEG file and read again: strength 0.9 means a quality of down to 10."""
    quality = round(100 * (1 - random.uniform(0, strength)))
    encoded: Any = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))


def _grey_levels(levels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


CHANGES: dict[str, Change] = {  # by setting, in the order in which an image meets them
    "texture": _textured,
    "local_contrast": _locally_equalised,
    "markers": _marked,
    "resolution": _resampled,
    "sharpness": _sharpened_or_blurred,
    "noise": _noisy,
    "compression": _compressed,
}
