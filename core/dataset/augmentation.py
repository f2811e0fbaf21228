"""Augmentation: a matrix, an appearance and a grey-level curve an image, drawn from (seed, image, view).

No TensorFlow: the page shows exactly what training sees, and every backend trains on the same views.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from core.config import Augmentation
from core.dataset.appearance import APPEARANCE_STREAM, changed_appearance

GREY_STREAM = 1  # separates the random numbers of the grey levels from those of the matrix
FRAME_STREAM = 2


def affine_matrix(strengths: Augmentation, seed: int, digest: str, view: int, side: int) -> np.ndarray:
    """Draw the matrix that maps an output pixel (row, column, 1) to the input pixel it is read from.

    Args:
        strengths: maximum changes; each is drawn uniformly between minus and plus this.
        seed: of the run.
        digest: SHA-256 of the image's file, hexadecimal: equal files have equal views.
        view: number of the view, from 0.
        side: pixels a side; images are rotated about their centre.

    Returns:
        float64 ndarray of shape (2, 3).
    """
    random = _random(seed, digest, view)
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


def frame_matrix(jitter: float, seed: int, digest: str, view: int, side: int) -> np.ndarray:
    """Draw the matrix that moves each side of an image's frame in or out: float64 (3, 3), to apply last.

    Args:
        jitter: maximum distance, as a share of the frame's side.
        seed, digest, view, side: as for `affine_matrix`.
    """
    moves = _random(seed, digest, view, FRAME_STREAM).uniform(-jitter, jitter, (2, 2))  # axis, low and high
    matrix = np.diag([*(1 + moves[:, 1] - moves[:, 0]), 1.0])
    matrix[:2, 2] = moves[:, 0] * (side - 1)
    return matrix


def grey_curve(strengths: Augmentation, seed: int, digest: str, view: int) -> np.ndarray:
    """Draw the curve that maps the 256 grey levels: gamma, then contrast about the middle, then brightness.

    Args:
        strengths, seed, digest, view: as for `affine_matrix`.

    Returns:
        uint8 ndarray of shape (256,).
    """
    changes = (strengths.gamma, strengths.contrast, strengths.brightness)
    gamma, contrast, brightness = 1 + _random(seed, digest, view, GREY_STREAM).uniform(-1, 1, 3) * changes
    levels = np.linspace(0, 1, 256) ** gamma
    return np.rint(np.clip(((levels - 0.5) * contrast + 0.5) * brightness, 0, 1) * 255).astype(np.uint8)


def _random(seed: int, digest: str, view: int, *stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, int(digest[:16], 16), view, *stream])


def augment(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a matrix from `affine_matrix` to one image: uint8 (side, side) in and out.

    Bilinear; pixels outside the image repeat its nearest edge, as in Keras's generator.
    """
    from scipy.ndimage import affine_transform

    offset: Any = matrix[:, 2]  # SciPy declares no types; the default, 0.0, looks as if it had to be a number
    return affine_transform(pixels, matrix[:, :2], offset, order=1, mode="nearest")


def augmented_views(
    pixels: np.ndarray,
    digests: list[str],
    views: list[int],
    strengths: Augmentation | None,
    seed: int,
    pool: ThreadPoolExecutor | None = None,
    jitter: float = 0.0,
) -> np.ndarray:
    """Draw one augmented view of each image.

    Args:
        pixels: uint8 ndarray of shape (n, side, side).
        digests: n SHA-256 digests of the images' files.
        views: n view numbers.
        strengths: None returns the images unchanged.
        seed: of the run.
        pool: threads to use.
        jitter: as for `frame_matrix`; where a side moves out, the nearest edge is repeated, as in shifts.

    Returns:
        uint8 ndarray of shape (n, side, side).
    """
    if strengths is None:
        return pixels

    def augmented(image: np.ndarray, digest: str, view: int) -> np.ndarray:
        matrix = affine_matrix(strengths, seed, digest, view, image.shape[-1])
        if jitter:
            frame = frame_matrix(jitter, seed, digest, view, image.shape[-1])
            matrix = (frame @ np.vstack([matrix, [0, 0, 1]]))[:2]
        random = _random(seed, digest, view, APPEARANCE_STREAM)
        moved = changed_appearance(augment(image, matrix), strengths, random)
        return grey_curve(strengths, seed, digest, view)[moved]

    return np.stack(list((pool.map if pool else map)(augmented, pixels, digests, views)))
