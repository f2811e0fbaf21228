"""How a monochrome DICOM file says that it is shown, step by step, as the decoder understands its header."""

from dataclasses import dataclass

import pydicom

from core.images.dicom_attributes import number, present, whole_number
from core.images.dicom_grey import inverted, window, window_function
from core.images.dicom_tables import LookupTable, lookup_table

SHOWN = (  # the attributes that say it
    *("PhotometricInterpretation", "PresentationLUTShape", "PixelRepresentation"),
    *("RescaleIntercept", "RescaleSlope", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
)


@dataclass(frozen=True)
class ShownAs:
    """The steps from stored values to grey levels; None for a step that the header does not name.

    Attributes:
        modality: modality LUT.
        rescale: slope and intercept; None where there is a modality LUT.
        window: centre and width.
        function: of the window, as in the header: LINEAR, LINEAR_EXACT or SIGMOID.
        voi: VOI LUT; None where there is a window.
        inverse: whether the lowest value is white.
    """

    modality: LookupTable | None
    rescale: tuple[float, float] | None
    window: tuple[float, float] | None
    function: str
    voi: LookupTable | None
    inverse: bool


def shown_as(file: pydicom.Dataset) -> ShownAs:
    """How a file is shown.

    Args:
        file: with at least the attributes in `SHOWN`.

    Raises:
        DicomError: an attribute cannot be honoured.
    """
    signed = whole_number(file, "PixelRepresentation", 0) == 1
    modality = lookup_table(file, "ModalityLUTSequence", signed)
    named = any(present(file, name) for name in ("RescaleSlope", "RescaleIntercept"))
    slope, intercept = number(file, "RescaleSlope", 1.0), number(file, "RescaleIntercept", 0.0)
    shown = window(file)
    negative = not modality and (signed or intercept < 0 or slope < 0)
    return ShownAs(
        modality=modality,
        rescale=(slope, intercept) if named and not modality else None,
        window=shown,
        function=window_function(file).replace(" ", "_"),
        voi=None if shown else lookup_table(file, "VOILUTSequence", negative),
        inverse=inverted(file),
    )
