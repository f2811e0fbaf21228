"""The lung network against masks that people drew, and limits of plausible lungs from validation images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.anatomy.agreement import dice
from core.anatomy.geometry import measure
from core.anatomy.lung_finder import BATCH, LungFinder
from core.anatomy.lungs import Lungs
from core.anatomy.masks import LEFT, RIGHT, sides
from core.anatomy.quality import RIGHT_MASK, fit_limits
from core.architecture import LUNG_LAYERS
from core.weights import read_network, write_network

MIN_IMAGES = 20  # with a right mask, to fit limits to
MaskReader = Callable[[], np.ndarray]  # gives a mask, bool (height, width)


@dataclass(frozen=True)
class Agreement:
    """How well the lungs of an image agree with its mask, at the mask's size.

    Attributes:
        both: Dice coefficient of both lungs together.
        right, left: Dice coefficient of one lung.
        lungs: as found.
    """

    both: float
    right: float
    left: float
    lungs: Lungs


def agreements(finder: LungFinder, pixels: np.ndarray, masks: Sequence[MaskReader]) -> list[Agreement]:
    """Compare the lungs that the network finds with masks.

    Args:
        finder: to compare.
        pixels: uint8 (n, 128, 128).
        masks: functions that read the n masks, of any size.
    """
    results = []
    for start in range(0, len(pixels), BATCH):
        lungs = finder.find_in_pixels(np.asarray(pixels[start : start + BATCH]))
        results += [_agreement(*pair) for pair in zip(lungs, masks[start : start + BATCH], strict=True)]
    return results


def _agreement(lungs: Lungs, read: MaskReader) -> Agreement:
    mask = read()
    found, drawn = lungs.side_map(*mask.shape), sides(mask)
    right, left = (dice(found == side, drawn == side) for side in (RIGHT, LEFT))
    return Agreement(dice(found > 0, mask), right, left, lungs)


def summary(results: Sequence[Agreement]) -> dict:
    """Means and 5th percentiles of the Dice coefficients, and the share of images with remarks."""
    values: dict = {"images": len(results)}
    for name in ("both", "right", "left"):
        scores = [getattr(result, name) for result in results]
        values[name] = {"mean": float(np.mean(scores)), "fifth_percentile": float(np.percentile(scores, 5))}
    values["remarks"] = float(np.mean([not result.lungs.plausible for result in results]))
    return values


def save_limits(path: Path, results: Sequence[Agreement]) -> bool:
    """Fit the limits of plausible lungs to validation images and save them in the weights file.

    Without limits, only missing lungs are remarked.

    Args:
        path: weights file.
        results: of validation images; those whose mask is wrong are left out.

    Returns:
        Whether there were enough right masks; if not, the file stays as it was.
    """
    measured = [measure(result.lungs) for result in results if result.both >= RIGHT_MASK]
    geometries = [geometry for geometry in measured if geometry is not None]
    if len(geometries) < MIN_IMAGES:
        return False
    arrays, facts = read_network(path, LUNG_LAYERS)
    write_network(path, LUNG_LAYERS, arrays, facts | {"limits": fit_limits(geometries)})
    return True
