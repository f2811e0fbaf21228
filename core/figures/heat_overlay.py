"""Heat maps over images: pixels in, pixels out."""

from functools import cache

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb

HEAT_STEPS = 256


@cache
def heat_colors() -> np.ndarray:
    """Colours of a heat map from lowest to highest: uint8 (256, 3), not to be changed."""
    colors = sample_colorscale("Inferno", HEAT_STEPS, colortype="rgb")
    colors = np.array([unlabel_rgb(color) for color in colors]).round().astype(np.uint8)
    colors.flags.writeable = False
    return colors


def overlay(pixels: np.ndarray, heat: np.ndarray, opacity: float) -> np.ndarray:
    """An image with a heat map over it: the more heat, the more colour.

    Args:
        pixels: uint8 (height, width).
        heat: float (height, width), 0 to 1.
        opacity: of full heat, 0 to 1.

    Returns:
        uint8 (height, width, 3).
    """
    color = heat_colors()[np.rint(heat * (HEAT_STEPS - 1)).astype(int)]
    share = (opacity * heat)[..., np.newaxis]
    return np.rint(pixels[..., np.newaxis] * (1 - share) + color * share).astype(np.uint8)
