"""DICOM files into grey levels, without anything that tells whose film it is.

Only named tags are read: walking or printing a hostile file can take all memory (a 40 kB file with nested
sequences took 23 GB). Source of the transformations: DICOM PS3.3, C.7.6.3, C.11.1 and C.11.2.
"""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import DeflatedExplicitVRLittleEndian

from core.errors import UserError
from core.images.depth import eight_bits, is_coloured

MAGIC = slice(128, 132)
FILMS = {"CR", "DX", "RG", "XA", "RF", "OT", ""}  # computed, digital, converted; OT: secondary captures
NAMES = {
    "CT": "a CT slice",
    "MR": "an MR slice",
    "US": "an ultrasound image",
    "NM": "a nuclear medicine image",
    "PT": "a PET slice",
    "MG": "a mammogram",
    "ES": "an endoscopic image",
    "XC": "a photograph",
    "ECG": "an ECG",
    "SR": "a report",
    "DOC": "a document",
    "PR": "a presentation state",
    "SEG": "a segmentation",
}
SHOWN = {
    "Modality": "Modality",
    "ViewPosition": "View",
    "PatientAge": "Age",
    "PatientSex": "Sex",
    "ImagerPixelSpacing": "Pixel size, mm",
}
MOST_TEXT = 40  # characters of a fact that is shown


class DicomError(UserError):
    """A DICOM file that holds no film that can be judged; the sentence says why, without the file's name."""


def is_dicom(data: bytes) -> bool:
    """Whether the bytes are a DICOM file, whatever it is called."""
    return data[MAGIC] == b"DICM"


@dataclass(frozen=True, eq=False)
class DicomFilm:
    """What a DICOM file gives: the fields of `core.images.Radiograph` of the same names."""

    pixels: np.ndarray
    facts: dict[str, str]
    coloured: bool
    person: str
    taken: str


def read_dicom(data: bytes, most_pixels: int) -> DicomFilm:
    """Grey levels and harmless facts of a DICOM film.

    The modality LUT, then the first window or VOI LUT are applied, and MONOCHROME1 is inverted. A film
    without window is scaled by its depth, as a PNG of the same values is.

    Args:
        data: of the file.
        most_pixels: that may be decoded.

    Returns:
        Pixels, uint8 of shape (rows, columns), 0 black; modality, view, age, sex and pixel size, as far as
        the file gives them; a digest of whose film it is, and when it was taken. Names are never read.

    Raises:
        DicomError: it is no single radiograph, or too large. Damaged files raise what pydicom raises.
    """
    file = pydicom.dcmread(io.BytesIO(_not_deflated(data)))
    _check(file, most_pixels)
    pixels = file.pixel_array
    coloured = pixels.ndim == 3 and is_coloured(pixels)
    return DicomFilm(_grey(pixels, file), _facts(file), coloured, _person(file), _taken(file))


def _grey(pixels: np.ndarray, file: pydicom.Dataset) -> np.ndarray:
    """uint8 levels, 0 black."""
    if pixels.ndim == 3:
        return _luminance(pixels, file)
    grey = _windowed(apply_modality_lut(pixels, file).astype(np.float32), file, pixels)
    return 255 - grey if file.PhotometricInterpretation == "MONOCHROME1" else grey


def _person(file: pydicom.Dataset) -> str:
    """A digest of patient id and its issuer; "" where there is none."""
    number = str(file.get("PatientID", None) or "").strip()
    issuer = str(file.get("IssuerOfPatientID", None) or "")
    return hashlib.sha256(f"{issuer}|{number}".encode()).hexdigest() if number else ""


def _taken(file: pydicom.Dataset) -> str:
    """Date and time as digits, which order as they read; "" where the file has none."""
    for kind in ("Acquisition", "Content", "Study"):
        if date := str(file.get(f"{kind}Date", None) or ""):
            return (date + str(file.get(f"{kind}Time", None) or ""))[:MOST_TEXT]
    return ""


def _not_deflated(data: bytes) -> bytes:
    """The same bytes, unless reading them would inflate a bomb before anything can be checked."""
    if DeflatedExplicitVRLittleEndian.encode() + b"\0" in data[:1024]:
        raise DicomError("is a deflated DICOM file, which is not read here. Export it uncompressed.")
    return data


def _check(file: pydicom.Dataset, most_pixels: int) -> None:
    modality = str(file.get("Modality", "")).strip().upper()
    if modality not in FILMS:
        what = NAMES.get(modality, f"a DICOM object of modality {modality[:MOST_TEXT]!r}")
        raise DicomError(f"is {what}, not a chest radiograph. Give the CR or DX image.")
    if "PixelData" not in file:
        raise DicomError("is a DICOM object without an image, or is cut short. Give the CR or DX image.")
    frames = int(file.get("NumberOfFrames", None) or 1)
    if frames > 1:
        raise DicomError(f"holds {frames} frames; one image a file is read. Export the frame you mean.")
    rows, columns = int(file.Rows), int(file.Columns)
    if rows * columns > most_pixels:
        raise DicomError(
            f"holds {columns:,} x {rows:,} pixels; at most {most_pixels // 10**6} million are read. "
            "Export it smaller."
        )


def _windowed(values: np.ndarray, file: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    """uint8 levels of values after the modality LUT."""
    window = _window(file)
    if window is None:
        return eight_bits(apply_voi_lut(stored, file) if "VOILUTSequence" in file else values)
    centre, width = window
    share = (values - (centre - 0.5)) / max(width - 1, 1e-6) + 0.5
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _window(file: pydicom.Dataset) -> tuple[float, float] | None:
    """Centre and width of the first window; None where there is none that makes sense."""
    try:
        centre, width = (np.atleast_1d(file[name].value)[0] for name in ("WindowCenter", "WindowWidth"))
        centre, width = float(centre), float(width)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return (centre, width) if np.isfinite([centre, width]).all() and width >= 1 else None


def _luminance(pixels: np.ndarray, file: pydicom.Dataset) -> np.ndarray:
    """Grey levels of a colour secondary capture."""
    if pixels.shape[-1] != 3 or int(file.BitsAllocated) != 8:
        raise DicomError("holds colours in a form that is not read here. Export it in grey levels.")
    return np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def _facts(file: pydicom.Dataset) -> dict[str, str]:
    """What may be shown; text is cut, because files hold what they like."""
    found = {}
    for tag, title in SHOWN.items():
        value = file.get(tag, None)
        if value not in (None, ""):
            text = (
                " x ".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value)
            )
            found[title] = text[:MOST_TEXT]
    return found
