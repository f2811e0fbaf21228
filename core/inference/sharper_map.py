"""A sharper heat map, with 16 x 16 cells: where in the lungs an image differs from normal ones for pneumonia.

HiResCAM (Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional
neural networks", 2020) of what the activations of an earlier layer are above their mean over normal images,
cell by cell. Frames that fit the lungs show about the same part of the chest in a cell of every image. It was
chosen by a rule, and measured: docs/results/heat-map.md.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.anatomy import Lungs
from core.config import IMAGE_SIZE
from core.inference.heat_map import HeatMap, up_to_1
from core.sentence import Sentence


@dataclass(frozen=True, eq=False)
class SharperMap:
    """How much each region in the lungs supports PNEUMONIA, compared with normal images.

    Attributes:
        heat: of all that the model saw.
        lungs: of the image, plausible ones.
    """

    heat: HeatMap
    lungs: Lungs

    @cached_property
    def inside(self) -> float | None:
        """Share of the heat that lies in the lungs, 0 to 1; None without any heat."""
        heat = self.heat.over(np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8))
        mask, total = self.lungs.mask(IMAGE_SIZE, IMAGE_SIZE), float(heat.sum())
        return float(heat[mask].sum()) / total if total else None

    def over(self, pixels: np.ndarray) -> np.ndarray:
        """The map in the size of the whole image, 0 outside the lungs; 1 at the maximum in them.

        Args:
            pixels: of the image, uint8 (height, width); only their shape counts.

        Returns:
            float32 (height, width).
        """
        return up_to_1(self.heat.over(pixels) * self.lungs.mask(*pixels.shape))

    def sentence(self) -> str:
        """What is drawn, and which share of the heat is not."""
        if self.inside is None:
            return Sentence("The sharper heat map is empty: nothing in this image supports pneumonia.")
        return Sentence(
            "Sharper heat map: {inside:.0%} of its heat lies in the lungs; only that is drawn.",
            inside=self.inside,
        )


def sharper_values(activations: np.ndarray, gradient: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """The cells of some images' maps, float32 (n, rows, columns), each up to 1.

    Args:
        activations: of the map's layer, float32 (n, channels, rows, columns).
        gradient: of the log-odds of PNEUMONIA by them, in the same shape.
        normal: mean activations of normal images, (channels, rows, columns).
    """
    above = activations - normal.astype(np.float32)
    return np.stack([up_to_1(np.maximum(cells, 0)) for cells in np.einsum("nkrc,nkrc->nrc", above, gradient)])
