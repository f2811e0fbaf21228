"""Reading DICOM files into grey levels, without anything that identifies the patient.

Only named tags are read: walking or printing a hostile file can take all memory (a 40 kB file with nested
sequences took 23 GB). Every attribute that changes what a viewer would show is honoured, or the file is
refused with that attribute's name. `dicom_file` opens files, `dicom_pixels` unpacks them, `dicom_grey` and
`dicom_colour` make grey levels, `header_rules` and `patient_age` read what the header says about the image.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.multival import MultiValue

from core.images.dicom_age import DATES, patient_age
from core.images.dicom_attributes import MAX_TEXT, code, numbers, text, unusable, whole_number
from core.images.dicom_colour import COLOURS, colour_pixels
from core.images.dicom_file import open_dicom
from core.images.dicom_grey import grey_pixels
from core.images.dicom_origin import ORIGIN_TAGS, origin_of
from core.images.dicom_pixels import PIXELS
from core.images.dicom_signature import DicomError
from core.images.header_facts import HeaderFinding, PixelSpacing
from core.images.header_rules import header_findings
from core.images.patient_age import PatientAge
from core.images.pixel_spacing import pixel_spacing
from core.sentence import Sentence

X_RAY_MODALITIES = {"CR", "DX", "DR", "RG", "XA", "RF", "OT", ""}  # OT: converted and secondary captures
MODALITY_NAMES = {
    "CT": "a CT slice",
    "MR": "an MR slice",
    "US": "an ultrasound image",
    "NM": "a nuclear medicine image",
    "PT": "a PET slice",
    "MG": "a mammogram",
    "IO": "a dental X-ray",
    "PX": "a dental X-ray",
    "ES": "an endoscopic image",
    "XC": "a photograph",
    "ECG": "an ECG",
    "SR": "a report",
    "DOC": "a document",
    "PR": "a presentation state",
    "SEG": "a segmentation",
}
HEADER_TAGS = ("PatientID", "IssuerOfPatientID", "PatientBirthDate", *DATES)  # besides those shown
SHOWN_TAGS = {
    "Modality": "Modality",
    "ViewPosition": "View",
    "PatientAge": "Age",
    "PatientSex": "Sex",
    "ImagerPixelSpacing": "Pixel size, mm",
}
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
FOR_PROCESSING = {  # SOP classes of raw images: digital X-ray, mammography, intra-oral
    f"1.2.840.10008.5.1.4.1.1.1.{kind}.1" for kind in (1, 2, 3)
}
MAX_ASPECT = 1.05  # of a pixel's sides: within it nobody sees a difference


@dataclass(frozen=True, eq=False)
class DicomImage:
    """The fields of `core.images.Image` that a DICOM file provides, under the same names."""

    pixels: np.ndarray
    facts: dict[str, str]
    coloured: bool
    patient_digest: str
    acquired: str
    findings: tuple[HeaderFinding, ...]
    age: PatientAge | None
    spacing: PixelSpacing | None
    origin: tuple[int, int]


def read_dicom(data: bytes, max_pixels: int) -> DicomImage:
    """Read grey levels and facts that identify nobody from a DICOM file.

    The modality LUT, the first window or VOI LUT and the presentation LUT shape are applied. An image without
    a window is stretched over its own range, as viewers do; padding is black, and cropped at the edges.

    Args:
        data: the file's bytes.
        max_pixels: number of pixels that may be decoded.

    Returns:
        Pixels, uint8 of shape (rows, columns), 0 black; modality, view, age, sex and pixel size as far as
        the file gives them; a digest of the patient and the time of acquisition. Names are never read.

    Raises:
        DicomError: the file is not a single X-ray, is too large, or has an attribute that cannot be honoured.
            Damaged files raise pydicom's errors.
    """
    file = open_dicom(data)
    _check(file, max_pixels)
    origin, coloured = (0, 0), False
    if code(file, "PhotometricInterpretation") in COLOURS:
        pixels, coloured = colour_pixels(file)
    else:
        pixels, origin = grey_pixels(file)
    age = patient_age(file)
    return DicomImage(
        pixels,
        _facts(file, age),
        coloured,
        _patient_digest(file),
        _acquired(file),
        header_findings(file),
        age,
        pixel_spacing(file),
        origin,
    )


@dataclass(frozen=True)
class DicomHeader:
    """What a file's header says of its patient, as `core.images.Image` has it, and of its origin.

    Attributes:
        facts, patient_digest, age: as those of `core.images.Image`.
        origin: device, station, ward and month as far as they are known (`core.images.dicom_origin`).
    """

    facts: dict[str, str]
    patient_digest: str
    age: PatientAge | None
    origin: dict[str, str]


def read_dicom_header(data: bytes) -> DicomHeader:
    """What the header says, without decoding pixels.

    Raises:
        DicomError: as `open_dicom`. Damaged files raise pydicom's errors.
    """
    file = open_dicom(data, (*SHOWN_TAGS, *HEADER_TAGS, *ORIGIN_TAGS))
    age = patient_age(file)
    return DicomHeader(_facts(file, age), _patient_digest(file), age, origin_of(file))


def _patient_digest(file: pydicom.Dataset) -> str:
    """SHA-256 of the patient ID and its issuer; "" without an ID."""
    patient_id = str(file.get("PatientID", None) or "").strip()
    issuer = str(file.get("IssuerOfPatientID", None) or "")
    return hashlib.sha256(f"{issuer}|{patient_id}".encode()).hexdigest() if patient_id else ""


def _acquired(file: pydicom.Dataset) -> str:
    """Date and time of acquisition as digits that sort; "" where the file has none."""
    for event in ("Acquisition", "Content", "Study"):
        if date := str(file.get(f"{event}Date", None) or ""):
            return (date + str(file.get(f"{event}Time", None) or ""))[:MAX_TEXT]
    return ""


def _check(file: pydicom.FileDataset, max_pixels: int) -> None:
    modality = code(file, "Modality")
    if modality not in X_RAY_MODALITIES:
        kind = MODALITY_NAMES.get(modality, f"a DICOM object of modality {modality[:MAX_TEXT]!r}")
        raise DicomError(Sentence("is {kind}, not a chest X-ray. Upload the CR or DX image.", kind=kind))
    _check_intent(file)
    if not any(name in file for name in PIXELS):
        raise DicomError(
            Sentence("is a DICOM object without an image, or is cut short. Upload the CR or DX image.")
        )
    frames = whole_number(file, "NumberOfFrames", 1)
    if frames > 1:
        raise DicomError(
            Sentence(
                "has {frames} frames; only one per file is read. Export the frame you need.", frames=frames
            )
        )
    rows, columns = whole_number(file, "Rows"), whole_number(file, "Columns")
    if rows * columns > max_pixels:
        raise DicomError(
            Sentence(
                "has {columns:,} x {rows:,} pixels; at most {most} million are read. Export it at "
                "a smaller size.",
                columns=columns,
                rows=rows,
                most=max_pixels // 10**6,
            )
        )
    interpretation = code(file, "PhotometricInterpretation")
    if interpretation not in (*MONOCHROME, *COLOURS):
        raise unusable("PhotometricInterpretation", interpretation)
    _check_aspect(file)


def _check_intent(file: pydicom.FileDataset) -> None:
    """Refuse raw images, which no viewer shows: their grey levels still await the device's processing."""
    classes = {text(file, "SOPClassUID"), str(file.file_meta.get("MediaStorageSOPClassUID", None) or "")}
    by_class = classes & FOR_PROCESSING
    if by_class or code(file, "PresentationIntentType") == "FOR PROCESSING":
        source = "SOP class" if by_class else "PresentationIntentType"
        raise DicomError(
            Sentence(
                "is a raw image (FOR PROCESSING, by its {source}), which looks different from what "
                "radiologists see. Send the image FOR PRESENTATION of the same exposure.",
                source=source,
            )
        )


def _check_aspect(file: pydicom.Dataset) -> None:
    """Refuse pixels that are not square."""
    for name in ("PixelAspectRatio", "ImagerPixelSpacing", "PixelSpacing"):
        sides = numbers(file, name)
        if len(sides) == 2 and min(sides) > 0 and max(sides) / min(sides) > MAX_ASPECT:
            raise unusable(name, "\\".join(f"{side:g}" for side in sides))


def _facts(file: pydicom.Dataset, age: PatientAge | None) -> dict[str, str]:
    """The values that may be shown; text is cut, because a file can hold anything."""
    facts = {}
    for tag, title in SHOWN_TAGS.items():
        value = file.get(tag, None)
        if value not in (None, ""):
            shown = " x ".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
            facts[title] = shown[:MAX_TEXT]
    if age and "Age" not in facts:
        facts["Age"] = age.words()
    return facts
