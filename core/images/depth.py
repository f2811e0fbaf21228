"""Grey levels and colours, told the same way for every kind of file."""

import numpy as np

COLOUR_SPREAD = 24  # grey levels
SAMPLES = 128  # rows and columns that are looked at
BIT_DEPTHS = (8, 10, 12, 14, 16)


def is_coloured(pixels: np.ndarray) -> bool:
    """Whether red, green and blue differ somewhere by more than compression makes them differ.

    Args:
        pixels: uint8 (height, width, 3).
    """
    rows, columns = (np.linspace(0, size - 1, min(size, SAMPLES)).astype(int) for size in pixels.shape[:2])
    sample = pixels[np.ix_(rows, columns)].astype(np.int16)
    return bool(np.ptp(sample, axis=2).max() > COLOUR_SPREAD)


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey levels as uint8, scaled and never clipped.

    Whole numbers from 0 are scaled from the smallest usual depth (8, 10, 12, 14, 16 bits) that holds the
    brightest, so that an 8-bit film stays as it is; anything else from its own range.

    Raises:
        ValueError: a value is not a finite number.
    """
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("values that are not numbers")
    low, high = float(values.min()), float(values.max())
    if low >= 0 and 1 < high < 2 ** BIT_DEPTHS[-1] and high == round(high):
        low, high = 0.0, float(2 ** next(bits for bits in BIT_DEPTHS if high < 2**bits) - 1)
    span = (high - low) or 1.0
    return np.rint((values - low) * (255.0 / span)).astype(np.uint8)
