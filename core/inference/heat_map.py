"""Heat maps: which regions support pneumonia, by Grad-CAM at the last convolution.

Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017. The log-odds of
PNEUMONIA are differentiated, not its probability, whose gradient vanishes near 0 and 1. Between the last
convolution and the output there are at most a pool and the head, so the gradient needs the head alone: the
activations come from the compiled model, without a second pass through the network.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from PIL import Image

from core.architecture import DENSE_LAYERS
from core.config import POSITIVE
from core.weights import Arrays

CORNERS = 4  # a corner is this part of the map's side
BLACK = 0.1  # of the image's mean grey level: darker than any lung
SAME_PLACE = 0.5  # share of images above which a peak is the model's habit


@dataclass(frozen=True, eq=False)
class HeatMap:
    """How much each region supports PNEUMONIA.

    Attributes:
        values: float32 (rows, columns) of the last convolution, between 0 and 1, the maximum; all 0 where no
            region supports it.
    """

    values: np.ndarray

    @property
    def peak(self) -> tuple[int, int]:
        """Row and column of the maximum."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return int(row), int(column)

    def over(self, pixels: np.ndarray) -> np.ndarray:
        """The map in the size of an image: float32 (height, width) for uint8 (height, width)."""
        height, width = pixels.shape
        image = Image.fromarray(self.values).resize((width, height), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(image), 0, 1)


def heat_map(activations: np.ndarray, head: Arrays) -> HeatMap:
    """Grad-CAM of one image.

    Args:
        activations: of the last convolution, float32 (channels, rows, columns), from `Engine.activations`.
        head: (kernel, bias) of the head's layers.
    """
    weights = log_odds_gradient(activations, head).mean(axis=(1, 2))
    values = np.maximum(np.tensordot(weights, activations, axes=1), 0)
    top = float(values.max())
    return HeatMap((values / top if top > 0 else values).astype(np.float32))


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


def doubt(heat: HeatMap, pixels: np.ndarray, peaks: np.ndarray | None = None) -> str:
    """Why a heat map says more about the model than about the image; "" if it is plausible.

    Args:
        heat: of an image.
        pixels: of the image, uint8 (128, 128).
        peaks: share of the validation images whose map peaks in each cell; None if unknown.
    """
    if not heat.values.any():
        return "No region of this image supports pneumonia, so the heat map is empty."
    row, column = heat.peak
    side = len(heat.values)
    corner = side // CORNERS
    if (row < corner or row >= side - corner) and (column < corner or column >= side - corner):
        return (
            "The heat map peaks in a corner, outside the lungs: the model may rely on a marker or the border."
            " Do not rely on this result."
        )
    cell = len(pixels) // side
    around = pixels[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
    if around.mean() < BLACK * pixels.mean():
        return "The heat map peaks in a black region outside the body. Do not rely on this result."
    if peaks is not None and peaks[row, column] > SAME_PLACE:
        return (
            f"The heat map peaks in the same place in {peaks[row, column]:.0%} of the validation images, so "
            "it says little about this one."
        )
    return ""
