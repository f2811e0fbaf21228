"""The greyscale pipeline of DICOM: modality LUT, VOI LUT or window, presentation LUT.

Every step depends on the stored value alone, so it is computed once for each of the 65,536 possible values
instead of for each pixel. Sources: DICOM PS3.3, C.7.5.1.1.2 (padding), C.11.1 (modality LUT), C.11.2 (VOI
LUT), C.11.6 (presentation LUT shape).
"""

from collections.abc import Callable

import numpy as np
import pydicom

from core.images.dicom_attributes import code, number, numbers, present, unusable, whole_number
from core.images.dicom_pixels import Packing, containers, float_values
from core.images.dicom_signature import DicomError
from core.images.dicom_tables import lookup_table
from core.images.grey_levels import NotNumbers, histogram, scaled, shown_range
from core.sentence import Sentence

Values = np.ndarray  # float64 or int64, of any shape
FLOAT_PADDING = {
    "f4": ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit"),
    "f8": ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit"),
}
PRESENTATION_SHAPES = {"IDENTITY": False, "INVERSE": True}  # whether black and white are exchanged
TABLE_BITS = 16  # wider containers are computed pixel by pixel
BYTE = 8


def grey_pixels(file: pydicom.Dataset) -> tuple[np.ndarray, tuple[int, int]]:
    """uint8 grey levels (rows, columns) of a monochrome image as viewers show it, 0 black, and their origin.

    Padding is black; rows and columns at the edges that hold nothing else are left out: the origin is the
    column and the row of the first pixel that is not.

    Raises:
        DicomError: an attribute that changes the picture cannot be honoured, or all pixels are padding.
    """
    floats = float_values(file)
    if floats is not None:
        if not np.isfinite(floats).all():
            raise NotNumbers("values that are not numbers")
        padded = _float_padding(file, floats)
        return _without_padding(_levels(file, floats.astype(np.float64), ~padded, None), padded)
    pixels, layout = containers(file)
    if pixels.ndim != 2:
        raise unusable("SamplesPerPixel", pixels.shape[-1])
    if layout.allocated > TABLE_BITS:
        padded = _padding(file, layout, pixels)
        return _without_padding(_levels(file, layout.unpacked(pixels), ~padded, layout), padded)
    counts = histogram(pixels)
    codes = np.arange(len(counts))
    padding = _padding(file, layout, codes)
    table = _levels(file, layout.unpacked(codes), counts * ~padding, layout)
    if not counts[padding].any():
        return table[pixels], (0, 0)
    return _without_padding(table[pixels], padding[pixels])


def _levels(file: pydicom.Dataset, stored: Values, counts: np.ndarray, layout: Packing | None) -> np.ndarray:
    """uint8 grey levels of stored values.

    Args:
        counts: how many pixels hold each value; those that are padding count as none.
        layout: of whole numbers; None for floating-point numbers.
    """
    modality = modality_transformation(file)
    values = modality(stored) if modality else stored
    levels = _voi_levels(file, values)
    if levels is None:
        if not counts.any():
            raise DicomError(Sentence("contains nothing but padding (PixelPaddingValue). Export it again."))
        if layout and layout.stored <= BYTE and "ModalityLUTSequence" not in file:
            extremes = np.array([layout.lowest, layout.largest])  # 8 bits are meant to be shown as they are
            low, high = sorted(map(float, modality(extremes) if modality else extremes))
        elif counts.dtype == bool:
            low, high = shown_range(values[counts])
        else:
            low, high = shown_range(values, counts)
        levels = scaled(values, low, high)
    return 255 - levels if inverted(file) else levels


def modality_transformation(file: pydicom.Dataset) -> Callable[[Values], Values] | None:
    """The modality LUT or the rescale of a file; None if it leaves values as they are."""
    if table := lookup_table(file, "ModalityLUTSequence", whole_number(file, "PixelRepresentation", 0) == 1):
        return table.values
    slope, intercept = number(file, "RescaleSlope", 1), number(file, "RescaleIntercept", 0)
    if slope == 0:
        raise unusable("RescaleSlope", "0")
    if (slope, intercept) == (1, 0):
        return None
    return lambda values: values * slope + intercept


def _voi_levels(file: pydicom.Dataset, values: Values) -> np.ndarray | None:
    """uint8 grey levels by the first usable window, else by the first VOI LUT; None without either."""
    shown = window(file)
    if shown is not None:
        function = window_function(file)
        if function not in WINDOW_FUNCTIONS:
            raise unusable("VOILUTFunction", function)
        return np.rint(np.clip(WINDOW_FUNCTIONS[function](values, *shown), 0, 1) * 255).astype(np.uint8)
    if table := lookup_table(file, "VOILUTSequence", bool((values < 0).any())):
        return scaled(table.values(values), 0, table.highest)
    return None


def window_function(file: pydicom.Dataset) -> str:
    """The function by which windows are applied, as in `WINDOW_FUNCTIONS`."""
    return code(file, "VOILUTFunction") or "LINEAR"


def window(file: pydicom.Dataset) -> tuple[float, float] | None:
    """Centre and width of the first window that makes sense."""
    min_width = 1 if window_function(file) == "LINEAR" else 0
    for centre, width in zip(numbers(file, "WindowCenter"), numbers(file, "WindowWidth"), strict=False):
        if np.isfinite([centre, width]).all() and width >= min_width and width > 0:
            return centre, width
    return None


def _linear(values: Values, centre: float, width: float) -> Values:
    return (values - (centre - 0.5)) / max(width - 1, 1e-6) + 0.5


def _linear_exact(values: Values, centre: float, width: float) -> Values:
    return (values - centre) / width + 0.5


def _sigmoid(values: Values, centre: float, width: float) -> Values:
    return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))


WINDOW_FUNCTIONS: dict[str, Callable[[Values, float, float], Values]] = {
    "LINEAR": _linear,
    "LINEAR EXACT": _linear_exact,
    "SIGMOID": _sigmoid,
}


def inverted(file: pydicom.Dataset) -> bool:
    """Whether the lowest value is shown white. The presentation LUT shape goes first, as in dcmtk."""
    if "PresentationLUTSequence" in file:
        raise unusable("PresentationLUTSequence", "a table")
    shape = code(file, "PresentationLUTShape")
    if shape and shape not in PRESENTATION_SHAPES:
        raise unusable("PresentationLUTShape", shape)
    return PRESENTATION_SHAPES.get(shape, code(file, "PhotometricInterpretation") == "MONOCHROME1")


def _padding(file: pydicom.Dataset, layout: Packing, codes: np.ndarray) -> np.ndarray:
    """Mask of the containers that hold padding, which may use bits outside of those that are stored."""
    if not present(file, "PixelPaddingValue"):
        return np.zeros(codes.shape, bool)
    first = whole_number(file, "PixelPaddingValue")
    last = whole_number(file, "PixelPaddingRangeLimit", first)
    container = Packing(layout.allocated, layout.allocated, layout.allocated - 1, layout.signed)
    low, high = sorted(_wrapped(value, container) for value in (first, last))
    whole, stored = container.unpacked(codes), layout.unpacked(codes)
    return ((low <= whole) & (whole <= high)) | ((low <= stored) & (stored <= high))


def _wrapped(value: int, container: Packing) -> int:
    """A number as the container holds it: padding is often written with the other signedness."""
    return int(container.unpacked(np.array([value % 2**container.allocated]))[0])


def _float_padding(file: pydicom.Dataset, values: np.ndarray) -> np.ndarray:
    """Mask of the floating-point values that are padding."""
    value, limit = FLOAT_PADDING[values.dtype.str[1:]]
    first = number(file, value, np.nan)
    last = number(file, limit, first)
    low, high = sorted((first, last))
    return (values >= low) & (values <= high)


def _without_padding(pixels: np.ndarray, padded: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The picture with black padding, cropped to the rows and columns that hold more than padding."""
    if not padded.any():
        return pixels, (0, 0)
    rows, columns = (np.flatnonzero(~padded.all(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise DicomError(Sentence("contains nothing but padding (PixelPaddingValue). Export it again."))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    origin = int(columns[0]), int(rows[0])
    return np.where(padded[part], 0, pixels[part]).astype(np.uint8), origin
