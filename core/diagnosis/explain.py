"""Where the model looked: Grad-CAM at the last convolution.

Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017. What is
differentiated is the log-odds of PNEUMONIA, not its probability, whose gradient vanishes for sure answers.
Behind the last convolution there is only pooling and the head, so the gradient needs the head alone: the
activations come from the compiled model, and no second pass through the network is made.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.architecture import HEAD
from core.config import POSITIVE
from core.weights import Arrays

POOL = 2  # pixels a side of a pooling window
CORNER = 2  # cells a side of the 8 x 8 map that count as a corner
BLACK = 0.1  # of the film's mean grey level: darker than any lung
SAME_PLACE = 0.5  # share of films above which a peak is the model's habit


@dataclass(frozen=True, eq=False)
class HeatMap:
    """What spoke for PNEUMONIA, and where.

    Attributes:
        values: float32 (8, 8), 0 to 1, 1 where most; all 0 where nothing spoke for it.
    """

    values: np.ndarray

    @property
    def peak(self) -> tuple[int, int]:
        """Row and column of the most heat."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return int(row), int(column)

    def over(self, pixels: np.ndarray) -> np.ndarray:
        """The map in the size of a film: float32 (height, width) for uint8 (height, width)."""
        height, width = pixels.shape
        image = Image.fromarray(self.values).resize((width, height), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(image), 0, 1)


def heat_map(activations: np.ndarray, head: Arrays) -> HeatMap:
    """Grad-CAM of one film.

    Args:
        activations: of the last convolution, float32 (512, 8, 8), as `Engine.activations` gives them.
        head: (kernel, bias) of the head's layers.
    """
    slopes = log_odds_gradient(activations, head)
    weights = slopes.mean(axis=(1, 2))
    found = np.maximum(np.tensordot(weights, activations, axes=1), 0)
    top = float(found.max())
    return HeatMap((found / top if top > 0 else found).astype(np.float32))


def log_odds_gradient(activations: np.ndarray, head: Arrays) -> np.ndarray:
    """Gradient of log-odds by the activations of the last convolution, same shape (512, 8, 8)."""
    channels, rows, columns = activations.shape
    windows = activations.reshape(channels, rows // POOL, POOL, columns // POOL, POOL)
    pooled = windows.max(axis=(2, 4))
    first, second, last = (head[layer.name] for layer in HEAD)
    flat = pooled.transpose(1, 2, 0).ravel()  # Keras flattens rows, columns, channels
    one = flat @ first[0] + first[1]
    two = np.maximum(one, 0) @ second[0] + second[1]
    slope = (last[0][:, POSITIVE] - last[0][:, 1 - POSITIVE]) * (two > 0)
    slope = (second[0] @ slope) * (one > 0)
    slope = (first[0] @ slope).reshape(rows // POOL, columns // POOL, channels).transpose(2, 0, 1)
    largest = windows == pooled[:, :, np.newaxis, :, np.newaxis]
    largest = largest / largest.sum(axis=(2, 4), keepdims=True)  # ties share the slope
    return (largest * slope[:, :, np.newaxis, :, np.newaxis]).reshape(activations.shape)


def doubt(heat: HeatMap, pixels: np.ndarray, peaks: np.ndarray | None = None) -> str:
    """Why a map is implausible and says more about the model than about the film; "" where it is not.

    Args:
        heat: of a film.
        pixels: of the film, uint8 (128, 128).
        peaks: share of the validation films whose map peaks in each cell, (8, 8); None where it is not known.
    """
    if not heat.values.any():
        return "Nothing in this film spoke for pneumonia, so there is nothing to show."
    row, column = heat.peak
    last = len(heat.values) - CORNER
    if (row < CORNER or row >= last) and (column < CORNER or column >= last):
        return (
            "The map peaks in a corner, where no lung is: the model may have read a marker or the frame. Do "
            "not rely on this answer."
        )
    cell = len(pixels) // len(heat.values)
    around = pixels[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
    if around.mean() < BLACK * pixels.mean():
        return "The map peaks where the film is black, outside the body. Do not rely on this answer."
    if peaks is not None and peaks[row, column] > SAME_PLACE:
        return (
            f"The map peaks where it does on {peaks[row, column]:.0%} of all films, whatever they show: it "
            "says little about this one."
        )
    return ""
