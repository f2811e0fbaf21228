"""Heat maps: which regions support pneumonia, by Grad-CAM at the last convolution.

Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017. The log-odds of
PNEUMONIA are differentiated, not its probability, whose gradient vanishes near 0 and 1. Between the last
convolution and the output there are at most a pool and the head, so the gradient needs the head alone: the
compiled model gives it without a second pass through the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.images import WHOLE_IMAGE, Box


@dataclass(frozen=True, eq=False)
class HeatMap:
    """How much each region supports PNEUMONIA.

    Attributes:
        values: float32 (rows, columns) of the last convolution, between 0 and 1, the maximum; all 0 where no
            region supports it.
        box: the part of the image that it covers.
    """

    values: np.ndarray
    box: Box = WHOLE_IMAGE

    @property
    def peak(self) -> tuple[int, int]:
        """Row and column of the maximum."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return int(row), int(column)

    def over(self, pixels: np.ndarray) -> np.ndarray:
        """The map in the size of the whole image, 0 outside the part that it covers.

        Args:
            pixels: of the image, uint8 (height, width); only their shape counts.

        Returns:
            float32 (height, width).
        """
        height, width = pixels.shape
        left, top, right, bottom = (
            round(edge * side) for edge, side in zip(self.box, (width, height, width, height), strict=True)
        )
        part = Image.fromarray(self.values).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
        heat = np.zeros((height, width), np.float32)
        heat[top:bottom, left:right] = np.clip(np.asarray(part), 0, 1)
        return heat


def heat_map(activations: np.ndarray, slope: np.ndarray, box: Box = WHOLE_IMAGE) -> HeatMap:
    """Grad-CAM of one image.

    A pool before the head passes each slope on to the largest activation of its window, so that a channel's
    mean slope is that before the pool but for a factor, which the map, being relative, does not need.

    Args:
        activations: of the last convolution, float32 (channels, rows, columns), from `Engine.activations`.
        slope: of the log-odds by the head's input, by channel, float32 (channels,), from `Engine.slope`.
        box: the part of the image that the model saw.
    """
    values = np.maximum(np.tensordot(slope, activations, axes=1), 0)
    return HeatMap(up_to_1(values), box)


def mean_heat_map(maps: Sequence[HeatMap]) -> HeatMap:
    """The mean of several models' maps of one image, between 0 and 1, the maximum.

    Args:
        maps: of one frame; those with fewer cells are interpolated to the most.
    """
    rows, columns = max(item.values.shape for item in maps)
    resized = [
        np.asarray(Image.fromarray(item.values).resize((columns, rows), Image.Resampling.BILINEAR))
        for item in maps
    ]
    return HeatMap(up_to_1(np.mean(resized, axis=0)), maps[0].box)


def up_to_1(values: np.ndarray) -> np.ndarray:
    """Values that are not negative, divided by their maximum; float32 in their shape."""
    top = float(values.max())
    return (values / top if top > 0 else values).astype(np.float32)
