"""How large a pixel is: in the patient if the header says so, else at the detector."""

from dataclasses import dataclass

import pydicom

from core.images.dicom_attributes import numbers


@dataclass(frozen=True)
class PixelSpacing:
    """Millimetres between the centres of neighbouring pixels.

    Attributes:
        rows: from row to row.
        columns: from column to column.
        at_detector: whether that is at the detector, where everything is larger than in the patient.
    """

    rows: float
    columns: float
    at_detector: bool


def pixel_spacing(file: pydicom.Dataset) -> PixelSpacing | None:
    """The spacing by PixelSpacing, else by ImagerPixelSpacing; None without a usable one.

    Where both are the same, no calibration was made (DICOM PS3.3, 10.7.1.3): it holds at the detector.

    Raises:
        DicomError: a value is not a number.
    """
    calibrated, imager = (numbers(file, name) for name in ("PixelSpacing", "ImagerPixelSpacing"))
    for spacing, at_detector in ((calibrated, calibrated == imager), (imager, True)):
        if len(spacing) == 2 and all(0 < side < float("inf") for side in spacing):
            return PixelSpacing(spacing[0], spacing[1], at_detector)
    return None
