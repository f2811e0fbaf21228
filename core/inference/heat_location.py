"""Where a heat map is hot: how much of it lies in the lungs, on which side and in which third.

A map has 8 x 8 cells and cannot place heat more precisely than to half a cell: heat up to that far from a
lung counts as in it. By the outline alone, 85% of a whole-image model's maps of pneumonias would be
implausible (120 validation images whose predicted label is PNEUMONIA); so, 15% are.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.anatomy import LEFT, RIGHT, Lungs
from core.config import IMAGE_SIZE
from core.inference.heat_map import HeatMap
from core.sentence import Sentence, template

MAX_OUTSIDE = 0.5  # share of the heat outside the lungs above which a map is implausible
SIDES = {"right": RIGHT, "left": LEFT}
THIRDS = ("upper", "middle", "lower")
FOCUSES = {
    ("right", "upper"): template("the upper third of the right lung"),
    ("right", "middle"): template("the middle third of the right lung"),
    ("right", "lower"): template("the lower third of the right lung"),
    ("left", "upper"): template("the upper third of the left lung"),
    ("left", "middle"): template("the middle third of the left lung"),
    ("left", "lower"): template("the lower third of the left lung"),
}


@dataclass(frozen=True)
class HeatLocation:
    """Where a heat map is hot.

    Attributes:
        inside: share of the heat that lies in the lungs, or within half a cell of them, 0 to 1.
        side: the patient's lung with more of the heat, `right` or `left`; "" if none is in the lungs.
        third: of that lung with most of its heat: `upper`, `middle` or `lower`; "" likewise.
    """

    inside: float
    side: str
    third: str

    @property
    def implausible(self) -> bool:
        """Whether most of the heat lies outside the lungs."""
        return 1 - self.inside > MAX_OUTSIDE

    def sentence(self) -> str:
        """The share, and where most of it is."""
        if not self.side:
            return Sentence("Heat map: {inside:.0%} of the heat lies in the lungs.", inside=self.inside)
        return Sentence(
            "Heat map: {inside:.0%} of the heat lies in the lungs, most of it in {focus}.",
            inside=self.inside,
            focus=Sentence(FOCUSES[self.side, self.third]),
        )


def heat_location(heat: HeatMap, lungs: Lungs | None) -> HeatLocation | None:
    """Where a heat map is hot; None without plausible lungs, and for an empty map.

    Args:
        heat: of an image.
        lungs: of the same image.
    """
    values = heat.over(np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8))
    total = float(values.sum())
    if lungs is None or not lungs.plausible or not total:
        return None
    side_map = lungs.side_map(IMAGE_SIZE, IMAGE_SIZE)
    inside = float(values[_grown(side_map > 0, _half_cell(heat))].sum()) / total
    by_side = {name: float(values[side_map == number].sum()) for name, number in SIDES.items()}
    if not any(by_side.values()):
        return HeatLocation(inside, "", "")
    side = max(by_side, key=lambda name: by_side[name])
    mask = side_map == SIDES[side]
    rows = np.flatnonzero(mask.any(axis=1))
    by_row = np.where(mask, values, 0).sum(axis=1)[rows[0] : rows[-1] + 1]
    by_third = [float(part.sum()) for part in np.array_split(by_row, len(THIRDS))]
    return HeatLocation(inside, side, THIRDS[int(np.argmax(by_third))])


def _half_cell(heat: HeatMap) -> float:
    """Half the mean side of a cell of the map, in pixels of the network's input."""
    left, top, right, bottom = heat.box
    rows, columns = heat.values.shape
    return IMAGE_SIZE * ((right - left) / columns + (bottom - top) / rows) / 4


def _grown(mask: np.ndarray, distance: float) -> np.ndarray:
    """A mask with all that is at most this many pixels away from it."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= distance
