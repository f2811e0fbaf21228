"""Conversion to 8-bit grey levels and detection of colour, the same for every file format."""

import numpy as np

COLOUR_SPREAD = 24  # grey levels
SAMPLES = 128  # rows and columns that are compared
BIT_DEPTHS = (8, 10, 12, 14, 16)
OUTLIERS = 0.0005  # share of the pixels at either end that may lie outside the range that is shown
MIN_SPAN = 16  # whole numbers: a narrower range is noise on a blank image, which is not to be amplified
CHUNK = 2**21  # pixels that are counted at a time


class NotNumbers(ValueError):
    """Grey values that are not finite."""


def is_coloured(pixels: np.ndarray) -> bool:
    """Whether red, green and blue differ anywhere by more than compression can explain.

    Args:
        pixels: uint8 ndarray of shape (height, width, 3).
    """
    rows, columns = (np.linspace(0, size - 1, min(size, SAMPLES)).astype(int) for size in pixels.shape[:2])
    sample = pixels[np.ix_(rows, columns)].astype(np.int16)
    return bool(np.ptp(sample, axis=2).max() > COLOUR_SPREAD)


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Scale grey values of an image that does not say how it is to be shown to uint8.

    Its own range is stretched over black to white, as viewers do, so it does not matter how many of the bits
    of a file are used; `shown_range` leaves out a few outliers.

    Raises:
        NotNumbers: a value is not finite.
    """
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        codes = np.arange(2 ** (8 * values.dtype.itemsize))
        low, high = shown_range(codes, histogram(values))
        return scaled(codes, low, high)[values]
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise NotNumbers("values that are not numbers")
    return scaled(values, *shown_range(values))


def histogram(values: np.ndarray) -> np.ndarray:
    """How often each value occurs, int64 (256,) or (65536,); counted in parts, because NumPy needs 8 bytes
    for each pixel.

    Args:
        values: uint8 or uint16.
    """
    counts = np.zeros(2 ** (8 * values.dtype.itemsize), np.int64)
    flat = values.ravel()
    for start in range(0, flat.size, CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=counts.size)
    return counts


def shown_range(values: np.ndarray, counts: np.ndarray | None = None) -> tuple[float, float]:
    """The values that become black and white.

    Lowest and highest value without `OUTLIERS`, a few pixels that may be defective or burnt in. A range of
    fewer than `MIN_SPAN` whole numbers is no picture: it is shown on the scale of its bit depth.

    Args:
        values: numbers of any shape; with counts, in any order.
        counts: how often each occurs; None for once each.
    """
    if counts is None:
        low, high = (float(bound) for bound in np.quantile(values, (OUTLIERS, 1 - OUTLIERS)))
    else:
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(counts[order])
        bounds = np.searchsorted(reached, reached[-1] * np.array([OUTLIERS, 1 - OUTLIERS]))
        low, high = (float(values[order[min(bound, len(order) - 1)]]) for bound in bounds)
    whole = values.dtype.kind in "iu" or (low == round(low) and high == round(high))
    if whole and low >= 0 and high - low < MIN_SPAN and high < 2 ** BIT_DEPTHS[-1]:
        return 0.0, float(2 ** next(bits for bits in BIT_DEPTHS if high < 2**bits) - 1)
    return low, high


def scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """uint8 grey levels of values: `low` and less black, `high` and more white."""
    span = (high - low) or 1.0
    return np.rint(np.clip((values - low) * (255.0 / span), 0, 255)).astype(np.uint8)
