"""Why a heat map may say more about the model than about the image."""

import numpy as np

from core.images import WHOLE_IMAGE
from core.inference.heat_location import HeatLocation
from core.inference.heat_map import HeatMap
from core.sentence import Sentence

CORNERS = 4  # a corner is this part of the map's side
BLACK = 0.1  # of the image's mean grey level: darker than any lung
SAME_PLACE = 0.5  # share of images above which a peak is the model's habit


def doubt(
    heat: HeatMap,
    pixels: np.ndarray,
    peaks: np.ndarray | None = None,
    location: HeatLocation | None = None,
) -> str:
    """Why a heat map says more about the model than about the image; "" if it is plausible.

    Args:
        heat: of an image.
        pixels: that the model saw, uint8 (128, 128).
        peaks: share of the validation images whose map peaks in each cell; None if unknown.
        location: where the map is hot; None if the lungs are unknown.
    """
    if not heat.values.any():
        return Sentence("No region of this image supports pneumonia, so the heat map is empty.")
    row, column = heat.peak
    side = len(heat.values)
    corner = side // CORNERS
    in_corner = (row < corner or row >= side - corner) and (column < corner or column >= side - corner)
    if in_corner and heat.box == WHOLE_IMAGE:  # the corners of the lungs' box lie in the lungs, or near them
        return Sentence(
            "The heat map peaks in a corner, outside the lungs: the model may rely on a marker or the border."
            " Do not rely on this result."
        )
    cell = len(pixels) // side
    around = pixels[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
    if around.mean() < BLACK * pixels.mean():
        return Sentence("The heat map peaks in a black region outside the body. Do not rely on this result.")
    if location and location.implausible:
        return Sentence(
            "The heat map is implausible: {share:.0%} of the heat lies outside the lungs. "
            "Interpret the result with caution.",
            share=1 - location.inside,
        )
    if peaks is not None and peaks[row, column] > SAME_PLACE:
        return Sentence(
            "The heat map peaks in the same place in {share:.0%} of the validation images, so it says little "
            "about this one.",
            share=float(peaks[row, column]),
        )
    return ""
