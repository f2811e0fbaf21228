"""Outlines of masks over an image: each in the colour of who drew them."""

from collections.abc import Mapping

import numpy as np
import PIL.Image
from PIL import ImageChops, ImageFilter

Colour = tuple[int, int, int]  # red, green, blue
FOUND: Colour = (120, 255, 120)  # by the network: as on the Diagnosis page
DRAWN: Colour = (255, 110, 255)  # by people
SIDES_PER_PIXEL = 400  # length of the longer side for which an outline is one pixel wider


def outlined(pixels: np.ndarray, masks: Mapping[Colour, np.ndarray]) -> PIL.Image.Image:
    """An image with the outlines of masks; of those that cover one another the last is seen.

    Args:
        pixels: uint8 (height, width).
        masks: bool, of any size, stretched over the image, by the colour of their outline.
    """
    picture = PIL.Image.fromarray(pixels)
    if masks:
        picture = picture.convert("RGB")
    for colour, mask in masks.items():
        picture.paste(colour, (0, 0), _outline(mask, picture.size))
    return picture


def _outline(mask: np.ndarray, size: tuple[int, int]) -> PIL.Image.Image:
    """The outermost pixels of a mask at a width and height."""
    picture = PIL.Image.fromarray(mask.astype(np.uint8) * 255)
    smooth = picture.resize(size, PIL.Image.Resampling.BILINEAR).point([0] * 128 + [255] * 128)
    width = 1 + max(size) // SIDES_PER_PIXEL
    return ImageChops.subtract(smooth, smooth.filter(ImageFilter.MinFilter(2 * width + 1)))
