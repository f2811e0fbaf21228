"""Numbers that tell plausible lungs from others: size, balance, position, shape, certainty."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.anatomy.masks import LEFT, RIGHT

if TYPE_CHECKING:
    from core.anatomy.lungs import Lungs  # which hold their geometry

MIN_PIXELS = 20  # of a lung whose shape can be measured


@dataclass(frozen=True)
class Geometry:
    """Numbers about both lungs, in the network's square frame.

    Attributes:
        area: of both as a share of the image.
        balance: area of the smaller lung by that of the larger one, 0 to 1.
        tilt: angle between the line from the right to the left lung and the horizontal, degrees, 0 to 180;
            180 for an image that is upside down.
        cut: share of the lungs' box that lies on the border of the image, along its sides.
        proportion: logarithm of height by width of the box of both.
        filling: area of both by that of their box.
        distance: between the centres of the lungs, by the width of the box.
        solidity: area of a lung by that of its convex hull; of the less solid lung.
        slenderness: logarithm of height by width of a lung's box; of the broader lung.
        certainty: how sharply the network parts lung from background: soft by hard area of the overlap.
    """

    area: float
    balance: float
    tilt: float
    cut: float
    proportion: float
    filling: float
    distance: float
    solidity: float
    slenderness: float
    certainty: float


def measure(lungs: "Lungs") -> Geometry | None:
    """The numbers of some lungs; None if one of them is missing or too small to be measured."""
    side_map = lungs.side_map(*lungs.probabilities.shape[1:])
    right, left = side_map == RIGHT, side_map == LEFT
    if lungs.box is None or min(right.sum(), left.sum()) < MIN_PIXELS:
        return None
    mask, probability = side_map > 0, lungs.probabilities.sum(axis=0)
    x0, y0, x1, y1 = lungs.box
    down, across = _centre(left) - _centre(right)
    areas = sorted((float(right.mean()), float(left.mean())))
    return Geometry(
        area=sum(areas),
        balance=areas[0] / areas[1],
        tilt=float(abs(np.degrees(np.arctan2(down, across)))),
        cut=_on_border(mask),
        proportion=float(np.log((y1 - y0) / (x1 - x0))),
        filling=sum(areas) / ((x1 - x0) * (y1 - y0)),
        distance=float(np.hypot(down, across)) / ((x1 - x0) * mask.shape[1]),
        solidity=min(_solidity(right), _solidity(left)),
        slenderness=min(_slenderness(right), _slenderness(left)),
        certainty=float(probability[mask].sum() / (mask.sum() + probability[~mask].sum())),
    )


def _centre(mask: np.ndarray) -> np.ndarray:
    """Row and column of the centre of area."""
    return np.array([indices.mean() for indices in np.nonzero(mask)])


def _on_border(mask: np.ndarray) -> float:
    """Pixels of the mask on the border of the image, by half the outline of the box of the mask."""
    edges = mask[0], mask[-1], mask[:, 0], mask[:, -1]
    rows, columns = mask.any(axis=1).sum(), mask.any(axis=0).sum()
    return float(sum(edge.sum() for edge in edges) / (rows + columns))


def _solidity(mask: np.ndarray) -> float:
    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask.argmax(axis=1)[rows], mask.shape[1] - mask[:, ::-1].argmax(axis=1)[rows]
    corners = [
        (row + down, column)
        for down in (0, 1)
        for ends in (first, last)
        for row, column in zip(rows, ends, strict=True)
    ]
    return float(mask.sum() / cv2.contourArea(cv2.convexHull(np.array(corners, np.int32))))


def _slenderness(mask: np.ndarray) -> float:
    return float(np.log(mask.any(axis=1).sum() / mask.any(axis=0).sum()))
