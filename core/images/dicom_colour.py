"""Grey levels of DICOM files in colour: secondary captures and palettes."""

import numpy as np
import pydicom

from core.images.dicom_attributes import code, raw_bytes, unusable, whole_number
from core.images.dicom_pixels import containers
from core.images.dicom_tables import palette_colours
from core.images.grey_levels import histogram, is_coloured
from core.images.tone import profile_table

LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green and blue: Recommendation ITU-R BT.601
RGB = ("RGB", "YBR FULL", "YBR FULL 422", "YBR PARTIAL 420", "YBR ICT", "YBR RCT")
PALETTE = "PALETTE COLOR"
COLOURS = (*RGB, PALETTE)


def colour_pixels(file: pydicom.Dataset) -> tuple[np.ndarray, bool]:
    """uint8 grey levels (rows, columns), and whether there are colours other than grey.

    Raises:
        DicomError: the colours are packed in a way that is not supported.
    """
    pixels, layout = containers(file)
    if code(file, "PhotometricInterpretation") == PALETTE:
        if pixels.ndim != 2 or layout.allocated > 16:
            raise unusable("SamplesPerPixel", whole_number(file, "SamplesPerPixel", 1))
        colours = palette_colours(file, layout.unpacked(np.arange(len(histogram(pixels)))))
        table = np.rint(colours @ LUMINANCE).astype(np.uint8)
        return table[pixels], is_coloured(colours[_sample(pixels)])
    if pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise unusable("SamplesPerPixel", whole_number(file, "SamplesPerPixel", 1))
    if layout.allocated not in (8, 16):
        raise unusable("BitsAllocated", layout.allocated)
    if layout.stored != 8:
        pixels = (layout.unpacked(pixels) * (255 / layout.largest)).round().astype(np.uint8)
    grey = np.empty(pixels.shape[:2], np.uint8)
    for row, line in enumerate(pixels):  # one row at a time: as floats they take 24 bytes a pixel
        grey[row] = np.rint(line @ LUMINANCE)
    table = profile_table(raw_bytes(file, "ICCProfile")) if "ICCProfile" in file else None
    return (grey if table is None else table[grey]), is_coloured(pixels.astype(np.uint8, copy=False))


def _sample(pixels: np.ndarray) -> np.ndarray:
    """Every few rows and columns, in which colour is looked for."""
    step = max(1, min(pixels.shape) // 128)
    return pixels[::step, ::step]
