"""The lungs of one image: where each of them is, and what speaks against them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import PIL.Image

from core.anatomy.geometry import Geometry
from core.anatomy.masks import LEFT, RIGHT, connected_pieces
from core.architecture import IMAGE_SIZE
from core.images import WHOLE_IMAGE, Box

SPECK = 0.05  # area of a piece as a share of the largest one, below which it is dropped
PIXEL = 0.5  # probability of lung from which a pixel is lung
DECIMALS = 4  # of shares as plain values


@dataclass(frozen=True, eq=False)
class Lungs:
    """The lungs that were found in an image.

    Right and left are the patient's, as radiologists say: in an image shown as usual, the right lung is on
    the left. Whether an image was mirrored cannot be seen from its lungs.

    Attributes:
        probabilities: of the right and of the left lung, float32 (2, 128, 128), without specks and holes;
            rows and columns cover the whole image whatever its aspect.
        box: left, top, right, bottom of both lungs as shares of the width and the height; None without lungs.
        right_area, left_area: of each lung as a share of the image's area.
        quality: what speaks against these lungs, in words; empty if they are plausible.
        implausibility: how far the most unusual of their numbers is from plausible ones: up to 1 within the
            limits, 2 twice as far from the usual as the limit; infinite without two lungs.
        geometry: the numbers that both are judged by; None without two lungs.
        features: means of the maps of the network's first levels, float32 (channels,): how its encoder sees
            the whole image.
    """

    probabilities: np.ndarray
    box: Box | None
    right_area: float
    left_area: float
    quality: tuple[str, ...] = ()
    implausibility: float = 0.0
    geometry: Geometry | None = None
    features: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def plausible(self) -> bool:
        """Whether these are the lungs of a frontal chest X-ray, upright and whole."""
        return not self.quality

    def values(self) -> dict:
        """Box, areas and quality as plain values."""
        return {
            "box": [round(edge, DECIMALS) for edge in self.box] if self.box else None,
            "left_area": round(self.left_area, DECIMALS),
            "right_area": round(self.right_area, DECIMALS),
            "quality": list(self.quality),
        }

    def mask(self, height: int, width: int, box: Box = WHOLE_IMAGE) -> np.ndarray:
        """Mask of both lungs in a part of the image, at any size, bool (height, width)."""
        return self.side_map(height, width, box) > 0

    def side_map(self, height: int, width: int, box: Box = WHOLE_IMAGE) -> np.ndarray:
        """Which lung each pixel belongs to, at any size: uint8 (height, width), 0 none, 1 right, 2 left.

        Args:
            box: the part of the image.
        """
        right, left = (_resized(plane, height, width, box) for plane in self.probabilities)
        return _side_map(right, left)


def lungs_of(probabilities: np.ndarray) -> Lungs:
    """The lungs from the network's output, without a look at their quality.

    Args:
        probabilities: of right and left lung, float32 (2, rows, columns), of any resolution.
    """
    enlarged = [_resized(plane, IMAGE_SIZE, IMAGE_SIZE) for plane in probabilities]
    cleaned = _cleaned(np.stack(enlarged))
    side_map = _side_map(*cleaned)
    right, left = (float((side_map == side).mean()) for side in (RIGHT, LEFT))
    return Lungs(cleaned, bounding_box(side_map > 0), right, left)


def bounding_box(mask: np.ndarray) -> Box | None:
    """Left, top, right, bottom of a mask, bool (height, width), as shares of its sides; None if empty."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    height, width = mask.shape
    edges = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    left, top, right, bottom = map(float, edges)
    return left, top, right, bottom


def _side_map(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    side = np.where(right >= left, RIGHT, LEFT)
    return np.where(right + left >= PIXEL, side, 0).astype(np.uint8)


def _cleaned(probabilities: np.ndarray) -> np.ndarray:
    """Without specks, and with holes filled by the lung around them."""
    both = probabilities.sum(axis=0)
    mask = both >= PIXEL
    pieces, count = connected_pieces(mask)
    if not count:
        return probabilities
    areas = np.bincount(pieces.ravel())
    areas[0] = 0
    main = (areas >= SPECK * areas.max())[pieces] & mask
    holes = _holes(main)
    cleaned = np.where(mask & ~main, np.float32(0), probabilities)
    if holes.any():
        from scipy import ndimage  # imported lazily: it takes half a second, and few lungs have holes

        # Row and column of the lung pixel nearest to each pixel: int (2, 128, 128).
        nearest_pixel: Any = ndimage.distance_transform_edt(
            ~main, return_distances=False, return_indices=True
        )
        nearest = cleaned[:, nearest_pixel[0][holes], nearest_pixel[1][holes]]
        cleaned[:, holes] = nearest / nearest.sum(axis=0)
    return cleaned


def _holes(mask: np.ndarray) -> np.ndarray:
    """What a mask encloses: pieces outside of it that do not reach the border."""
    pieces, count = connected_pieces(~mask)
    enclosed = np.ones(count + 1, bool)
    enclosed[np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])] = False
    return ~mask & enclosed[pieces]


def _resized(plane: np.ndarray, height: int, width: int, box: Box = WHOLE_IMAGE) -> np.ndarray:
    if plane.shape == (height, width) and box == WHOLE_IMAGE:
        return plane
    picture = PIL.Image.fromarray(plane)
    left, top, right, bottom = box
    edges = left * picture.width, top * picture.height, right * picture.width, bottom * picture.height
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling.BILINEAR, edges))
