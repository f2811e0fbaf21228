"""What a DICOM header says of an image, as plain data: all that pictures and results need of DICOM."""

from dataclasses import dataclass

from core.sentence import Sentence, template

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


WARNINGS = {  # by attributes that decide
    OTHER_VIEW: template(
        "The header says {source}: not a frontal view. The model is meant for frontal chest X-rays only; "
        "upload the frontal image, or correct the header."
    ),
    OTHER_PART: template(
        "The header says {source}: not a chest X-ray. Upload the chest X-ray, or correct the header."
    ),
    UNKNOWN: template(
        "The header says {source}, which is not a known view. Check that this is a frontal chest X-ray."
    ),
    ANIMAL: template(
        "The header says {source}: an animal. The model is meant for X-rays of children; upload one, or "
        "correct the header."
    ),
    PHANTOM: template(
        "The header says {source}: a phantom or a test image. Upload the patient's X-ray, or correct the "
        "header."
    ),
}
SUGGESTED = {  # by hints
    OTHER_VIEW: template(
        "Going by {source}, the header suggests a view that is not frontal. Check that this is a frontal "
        "chest X-ray."
    ),
    OTHER_PART: template(
        "Going by {source}, the header suggests another body part. Check that this is a frontal chest X-ray."
    ),
    PROCESSED: template(
        "Going by {source}, the header suggests an image from which bones or another image were "
        "subtracted, or one of two energies. Upload the original X-ray."
    ),
    TURNED: template(
        "Going by {source}, the header suggests an image that is mirrored or upside down. Check how it "
        "was acquired, and which side is which."
    ),
}


@dataclass(frozen=True)
class HeaderFinding:
    """Why a model may not be able to judge an image, by its header.

    Attributes:
        reason: one of the constants above.
        source: the attributes that say so; of one that decides, also its value.
        withheld: whether the result must not be shown.
        suggested: whether only hints say so.
    """

    reason: str
    source: str
    withheld: bool
    suggested: bool = False

    @property
    def sentence(self) -> Sentence:
        """What the header says, in which attribute, and what to do."""
        return Sentence((SUGGESTED if self.suggested else WARNINGS)[self.reason], source=self.source)


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
