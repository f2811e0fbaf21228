"""How far an image is from those that a model was trained on: another hospital, exposure, framing or age.

Fine-tuning teaches a network to forget what tells one hospital from another, so the model's own features are
not asked. Three things are: grey levels and sharpness, the first levels of the lung network, and the geometry
of the lungs. Which of them, and the limit, were chosen on validation images and on invented hospitals:
docs/results/like-home.md. Distance: see `class_distance`. Among so many numbers a few that are far off count
for little, so blur, which moves few, is asked for by itself.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache

import numpy as np

from core.anatomy import Geometry, Lungs
from core.config import CLASS_NAMES
from core.inference.class_distance import class_distances, fit_classes

QUANTILE = 0.97  # share of the validation images within the limit
MIN_VALIDATION_IMAGES = 50  # fewer do not tell what 97% of them keep
GREY_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BORDER = 4  # pixels
SHARPNESS_NAMES = ("sharpness across", "sharpness down", "fine detail")  # of the numbers of `_sharpness`
BLUR = np.array([0.5, 0.5, -1.0])  # their weights: blur takes more of fine detail than of edges
GREY_NAMES = (  # of the numbers of `_grey_levels`
    *(f"{share:.0%} quantile of grey levels" for share in GREY_QUANTILES),
    "brightness",
    "contrast",
    *SHARPNESS_NAMES,
    *(f"brightness of the {side} border" for side in ("upper", "lower", "left", "right")),
)
GEOMETRY_NAMES = tuple(field.name for field in fields(Geometry))


@dataclass(frozen=True, eq=False)
class Likeness:
    """The images that a model was trained on, by their appearance.

    Attributes:
        scale: standard deviation of each number of an appearance, float32 (n,).
        means: of the scaled numbers, by class, float32 (2, n).
        precision: inverse covariance around the means, float32 (n, n).
        limit: distance that 97% of the validation images stay within.
    """

    scale: np.ndarray
    means: np.ndarray
    precision: np.ndarray
    limit: float

    def score(self, appearance: np.ndarray) -> float:
        """Distance of an image by the limit: above 1, it is unlike those that the model was trained on."""
        scaled = appearance[np.newaxis] / self.scale
        return float(class_distances(scaled, self.means, self.precision)[0]) / self.limit

    def blur(self, pixels: np.ndarray) -> float:
        """How blurred an image is, in standard deviations from the more blurred class of the training images.

        Contrast makes no difference.

        Args:
            pixels: of the whole image, uint8 (128, 128).
        """
        expected, deviation = _blur_of_training(self)
        return float((_sharpness(pixels.astype(np.float32)) @ BLUR - expected) / deviation)

    def deviations(self, appearance: np.ndarray, number: int) -> dict[str, float]:
        """By how many standard deviations of all training images an image differs from the mean of a class.

        Args:
            appearance: of the image.
            number: of the class.

        Returns:
            Grey levels by `GREY_NAMES` and the geometry of the lungs by `GEOMETRY_NAMES`.
        """
        values = appearance / self.scale - self.means[number]
        grey = zip(GREY_NAMES, values[: len(GREY_NAMES)], strict=True)
        geometry = zip(GEOMETRY_NAMES, values[-len(GEOMETRY_NAMES) :], strict=True)
        return {name: float(value) for name, value in (*grey, *geometry)}


def appearance(pixels: np.ndarray, lungs: Lungs) -> np.ndarray | None:
    """What an image looks like, in numbers, float32 (n,); None without two lungs.

    Args:
        pixels: of the whole image, uint8 (128, 128).
        lungs: of the same image.
    """
    if lungs.geometry is None:
        return None
    return np.concatenate([_grey_levels(pixels), np.log1p(lungs.features), astuple(lungs.geometry)]).astype(
        np.float32
    )


def fit_likeness(
    appearances: Sequence[np.ndarray | None], classes: np.ndarray, held_out: Sequence[np.ndarray | None]
) -> Likeness | None:
    """Fit to training images, with the limit from validation images; None if there are too few.

    Args:
        appearances, classes: of the training images.
        held_out: appearances of the validation images.
    """
    rows = [row for row, each in enumerate(appearances) if each is not None]
    classes = classes[rows]
    validation = [each for each in held_out if each is not None]
    if len(validation) < MIN_VALIDATION_IMAGES or len(np.unique(classes)) < len(CLASS_NAMES):
        return None
    training = np.stack([each for each in appearances if each is not None])
    scale = np.maximum(training.std(axis=0), 1e-6)
    means, precision = fit_classes(training / scale, classes)
    distances = class_distances(np.stack(validation) / scale, means, precision)
    return Likeness(scale, means, precision, float(np.quantile(distances, QUANTILE)))


@lru_cache(maxsize=16)
def _blur_of_training(likeness: Likeness) -> tuple[float, float]:
    """Of the training images the higher mean of the classes, and the standard deviation within one."""
    first = GREY_NAMES.index(SHARPNESS_NAMES[0])
    part = slice(first, first + len(SHARPNESS_NAMES))
    weights = BLUR * likeness.scale[part]
    covariance = np.linalg.inv(likeness.precision.astype(np.float64))[part, part]
    return float((likeness.means[:, part] @ weights).max()), float(weights @ covariance @ weights) ** 0.5


def _grey_levels(pixels: np.ndarray) -> np.ndarray:
    """Quantiles, mean and deviation, sharpness, and the mean of each border: float64 (16,)."""
    values = pixels.astype(np.float32)
    borders = values[:BORDER], values[-BORDER:], values[:, :BORDER], values[:, -BORDER:]
    return np.concatenate(
        [
            np.quantile(values, GREY_QUANTILES),
            [values.mean(), values.std()],
            _sharpness(values),
            [border.mean() for border in borders],
        ]
    )


def _sharpness(values: np.ndarray) -> np.ndarray:
    """Logarithms of the mean differences across and down and of the Laplacian's deviation: float64 (3,)."""
    across, down = np.diff(values, axis=1), np.diff(values, axis=0)
    curvature = np.diff(across, axis=1)[1:-1] + np.diff(down, axis=0)[:, 1:-1]
    return np.log1p([np.abs(across).mean(), np.abs(down).mean(), curvature.std()])
