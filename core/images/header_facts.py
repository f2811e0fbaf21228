"""What a DICOM header says of an image, as plain data: all that pictures and results need of DICOM."""

from dataclasses import dataclass

FRONTAL = "frontal"
OTHER_VIEW = "lateral view"
CHEST = "chest"
OTHER_PART = "other body part"
UNKNOWN = "unknown"
ANIMAL = "animal"
PHANTOM = "phantom"
PROCESSED = "processed further"
TURNED = "mirrored or upside down"
SILENT = ""  # says nothing either way


@dataclass(frozen=True)
class HeaderFinding:
    """Why a model may not be able to judge an image, by its header.

    Attributes:
        reason: one of the constants above, or `age`.
        sentence: what it says, in which attribute, and what to do.
        withheld: whether the result must not be shown.
    """

    reason: str
    sentence: str
    withheld: bool


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
