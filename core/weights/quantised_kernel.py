"""A kernel in whole multiples of a step, as packed files hold it."""

from dataclasses import dataclass

import numpy as np

BITS = 8  # of a part's levels
MAX_OF_TWO_PARTS = 127 * 2**BITS + 127
ROWS = 1024  # rounded at a time: a temporary copy in float32 would be as large as the kernel


@dataclass(frozen=True, eq=False)
class QuantisedKernel:
    """A kernel whose weights are `levels * scale`.

    Attributes:
        levels: int8 or int16, of the kernel's shape in Keras's layout, output channels last.
        scale: float32 (output channels,), the step of each.
    """

    levels: np.ndarray
    scale: np.ndarray

    def unpacked(self) -> np.ndarray:
        """The weights, float32."""
        kernel = self.levels.astype(np.float32)
        kernel *= self.scale
        return kernel

    def eight_bit_parts(self) -> list["QuantisedKernel"]:
        """Kernels in eight bits whose sum this is, by the digits of its levels: one, two, or rarely three."""
        if self.levels.dtype == np.int8:
            return [self]
        low = self.levels.astype(np.int8)  # wraps around
        high = (self.levels >> BITS) + (low < 0)
        if high.min() >= -128 and high.max() <= 127:
            high = high.astype(np.int8)
        rest = QuantisedKernel(high, self.scale * np.float32(2**BITS))
        return [QuantisedKernel(low, self.scale), *rest.eight_bit_parts()]


StoredArray = np.ndarray | QuantisedKernel


def unpacked(stored: StoredArray) -> np.ndarray:
    """An array as it is, a quantised kernel as float32."""
    return stored.unpacked() if isinstance(stored, QuantisedKernel) else stored


def finely_quantised(kernel: np.ndarray) -> QuantisedKernel:
    """A kernel in sixteen bits: each weight within 0.000016 of the largest one of its output channel.

    Args:
        kernel: float32 (inputs, outputs).
    """
    largest = np.maximum(kernel.max(axis=0), -kernel.min(axis=0))
    scale = np.where(largest > 0, largest / MAX_OF_TWO_PARTS, 1).astype(np.float32)
    levels = np.empty(kernel.shape, np.int16)
    for start in range(0, len(kernel), ROWS):
        rows = slice(start, start + ROWS)
        levels[rows] = np.rint(kernel[rows] / scale)
    return QuantisedKernel(levels, scale)
