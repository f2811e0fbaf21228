"""Augmentation: one affine matrix and one curve of grey levels an image, drawn from (seed, image, view).

No TensorFlow: the page shows exactly what training sees, and every backend trains on the same views.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import affine_transform

from core.config import Augmentation

GREY = 1  # tells the draw of the grey levels from that of the matrix


def affine_matrix(strengths: Augmentation, seed: int, image: str, view: int, side: int) -> np.ndarray:
    """The matrix that maps an output pixel (row, column, 1) to the input pixel it is read from.

    Args:
        strengths: largest changes; each is drawn uniformly between none and this, either way.
        seed: of the run.
        image: SHA-256 of the image's file, hexadecimal: equal files have equal views.
        view: number of the view, from 0.
        side: pixels a side; the centre of the frame is the centre of rotation.

    Returns:
        float64 ndarray of shape (2, 3).
    """
    random = _random(seed, image, view)
    angle, shear = np.deg2rad(random.uniform(-1, 1, 2) * (strengths.rotation, strengths.shear))
    shift = random.uniform(-1, 1, 2) * (strengths.height_shift, strengths.width_shift) * side
    flips = random.random(2) < 0.5
    flip = np.where(flips & (strengths.vertical_flip, strengths.horizontal_flip), -1.0, 1.0)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shearing = np.array([[1.0, 0.0], [-np.tan(shear), 1.0]])
    stretch = np.sqrt(1 + random.uniform(-1, 1) * strengths.aspect)
    frame = np.minimum((1 - random.random() * strengths.crop) * np.array([1 / stretch, stretch]), 1)
    shift += random.uniform(-1, 1, 2) * (1 - frame) / 2 * (side - 1)
    linear = rotation @ shearing @ np.diag(flip * frame)
    centre = np.full(2, (side - 1) / 2)
    return np.column_stack([linear, centre - linear @ centre + shift])


def grey_curve(strengths: Augmentation, seed: int, image: str, view: int) -> np.ndarray:
    """What becomes of each of the 256 grey levels: gamma, then contrast about the middle, then brightness.

    Args:
        strengths, seed, image, view: as for `affine_matrix`.

    Returns:
        uint8 ndarray of shape (256,).
    """
    changes = (strengths.gamma, strengths.contrast, strengths.brightness)
    gamma, contrast, brightness = 1 + _random(seed, image, view, GREY).uniform(-1, 1, 3) * changes
    levels = np.linspace(0, 1, 256) ** gamma
    return np.rint(np.clip(((levels - 0.5) * contrast + 0.5) * brightness, 0, 1) * 255).astype(np.uint8)


def _random(seed: int, image: str, view: int, *more: int) -> np.random.Generator:
    return np.random.default_rng([seed, int(image[:16], 16), view, *more])


def augment(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a matrix of `affine_matrix` to one image: uint8 (side, side) in and out.

    Bilinear; what comes from outside repeats the nearest edge, as Keras's generator does.
    """
    return affine_transform(pixels, matrix[:, :2], matrix[:, 2], order=1, mode="nearest")


def augmented_views(
    pixels: np.ndarray,
    images: list[str],
    views: list[int],
    strengths: Augmentation | None,
    seed: int,
    pool: ThreadPoolExecutor | None = None,
) -> np.ndarray:
    """One view of each image.

    Args:
        pixels: uint8 ndarray of shape (n, side, side).
        images: n SHA-256 digests.
        views: n view numbers.
        strengths: None leaves the images plain.
        seed: of the run.
        pool: threads to share the work among.

    Returns:
        uint8 ndarray of shape (n, side, side).
    """
    if strengths is None:
        return pixels

    def one(image: np.ndarray, digest: str, view: int) -> np.ndarray:
        moved = augment(image, affine_matrix(strengths, seed, digest, view, image.shape[-1]))
        return grey_curve(strengths, seed, digest, view)[moved]

    return np.stack(list((pool.map if pool else map)(one, pixels, images, views)))
