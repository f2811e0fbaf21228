"""Heat maps: which regions support pneumonia, by Grad-CAM at the last convolution.

Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017. The log-odds of
PNEUMONIA are differentiated, not its probability, whose gradient vanishes near 0 and 1. Between the last
convolution and the output there are at most a pool and the head, so the gradient needs the head alone: the
activations come from the compiled model, without a second pass through the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
from PIL import Image

from core.architecture import DENSE_LAYERS
from core.config import POSITIVE
from core.images import WHOLE_IMAGE, Box
from core.weights import Arrays


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


def heat_map(activations: np.ndarray, head: Arrays, box: Box = WHOLE_IMAGE) -> HeatMap:
    """Grad-CAM of one image.

    Args:
        activations: of the last convolution, float32 (channels, rows, columns), from `Engine.activations`.
        head: (kernel, bias) of the head's layers.
        box: the part of the image that the model saw.
    """
    weights = log_odds_gradient(activations, head).mean(axis=(1, 2))
    values = np.maximum(np.tensordot(weights, activations, axes=1), 0)
    return HeatMap(_up_to_1(values), box)


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
    return HeatMap(_up_to_1(np.mean(resized, axis=0)), maps[0].box)


def _up_to_1(values: np.ndarray) -> np.ndarray:
    """Values that are not negative, divided by their maximum; float32 in their shape."""
    top = float(values.max())
    return (values / top if top > 0 else values).astype(np.float32)


def log_odds_gradient(activations: np.ndarray, head: Arrays) -> np.ndarray:
    """Gradient of the log-odds by the activations of the last convolution, in their shape."""
    channels, rows, columns = activations.shape
    first, second, last = (head[name] for name in DENSE_LAYERS)
    side = isqrt(activations.size // len(first[0]))  # of the pool's window before the head; 1 without a pool
    windows = activations.reshape(channels, rows // side, side, columns // side, side)
    pooled = windows.max(axis=(2, 4))
    flat = pooled.transpose(1, 2, 0).ravel()  # Keras flattens rows, columns, channels
    hidden_1 = flat @ first[0] + first[1]
    hidden_2 = np.maximum(hidden_1, 0) @ second[0] + second[1]
    slope = (last[0][:, POSITIVE] - last[0][:, 1 - POSITIVE]) * (hidden_2 > 0)
    slope = (second[0] @ slope) * (hidden_1 > 0)
    slope = (first[0] @ slope).reshape(rows // side, columns // side, channels).transpose(2, 0, 1)
    largest = windows == pooled[:, :, np.newaxis, :, np.newaxis]
    largest = largest / largest.sum(axis=(2, 4), keepdims=True)  # ties share the slope
    return (largest * slope[:, :, np.newaxis, :, np.newaxis]).reshape(activations.shape)
