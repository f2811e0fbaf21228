"""Augmentation: one affine matrix an image, drawn from (seed, image, view), one interpolation.

No TensorFlow: the page shows exactly what training sees, and every backend trains on the same views.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import affine_transform

from core.config import Augmentation


def affine_matrix(strengths: Augmentation, seed: int, image: str, view: int, side: int) -> np.ndarray:
    """The matrix that maps an output pixel (row, column, 1) to the input pixel it is read from.

    Args:
        strengths: largest changes; each is drawn uniformly between none and this, either way.
        seed: of the run.
        image: SHA-256 of the image's file, hexadecimal: equal files have equal views.
        view: number of the view, from 0.
        side: pixels a side; the centre of the image stays the centre of rotation.

    Returns:
        float64 ndarray of shape (2, 3).
    """
    random = np.random.default_rng([seed, int(image[:16], 16), view])
    angle, shear = np.deg2rad(random.uniform(-1, 1, 2) * (strengths.rotation, strengths.shear))
    shift = random.uniform(-1, 1, 2) * (strengths.height_shift, strengths.width_shift) * side
    flips = random.random(2) < 0.5
    flip = np.where(flips & (strengths.vertical_flip, strengths.horizontal_flip), -1.0, 1.0)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shearing = np.array([[1.0, 0.0], [-np.tan(shear), 1.0]])
    linear = rotation @ shearing @ np.diag(flip)
    centre = np.full(2, (side - 1) / 2)
    return np.column_stack([linear, centre - linear @ centre + shift])


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
        return augment(image, affine_matrix(strengths, seed, digest, view, image.shape[-1]))

    return np.stack(list((pool.map if pool else map)(one, pixels, images, views)))
