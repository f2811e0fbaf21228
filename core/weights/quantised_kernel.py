"""A kernel in whole multiples of a step, as packed files hold it."""

from dataclasses import dataclass

import numpy as np


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


StoredArray = np.ndarray | QuantisedKernel


def unpacked(stored: StoredArray) -> np.ndarray:
    """An array as it is, a quantised kernel as float32."""
    return stored.unpacked() if isinstance(stored, QuantisedKernel) else stored
