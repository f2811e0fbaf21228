"""How large a pixel is: in the patient if the header says so, else at the detector."""

import pydicom

from core.images.dicom_attributes import numbers
from core.images.dicom_signature import DicomError
from core.images.header_facts import PixelSpacing


def pixel_spacing(file: pydicom.Dataset) -> PixelSpacing | None:
    """The spacing by PixelSpacing, else by ImagerPixelSpacing; None without a usable one.

    PixelSpacing holds in the patient if the header names its calibration, or if it differs from
    ImagerPixelSpacing; else nobody knows, and it is taken for that at the detector (DICOM PS3.3, 10.7.1.3).
    """
    calibrated, imager = (_numbers(file, name) for name in ("PixelSpacing", "ImagerPixelSpacing"))
    in_patient = bool(file.get("PixelSpacingCalibrationType", None)) or (imager and calibrated != imager)
    for spacing, at_detector in ((calibrated, not in_patient), (imager, True)):
        if len(spacing) == 2 and all(0 < side < float("inf") for side in spacing):
            return PixelSpacing(spacing[0], spacing[1], at_detector)
    return None


def _numbers(file: pydicom.Dataset, name: str) -> list[float]:
    """The values of an attribute; none if they are no numbers: an image without a scale can be judged."""
    try:
        return numbers(file, name)
    except DicomError:
        return []
