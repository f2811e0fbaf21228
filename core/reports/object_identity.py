"""What all DICOM objects that are made have in common: maker, series, instances, and how they are written."""

import io
from functools import cache
from importlib.metadata import version
from typing import Any

import pydicom
from pydicom.uid import generate_uid

import core
from core.inference import AvailableModel
from core.reports.study_attributes import CHARACTER_SET

MANUFACTURER = "Pneumonia studio, research software"
EQUIPMENT = {  # as highdicom's classes take it
    "manufacturer_model_name": "Pneumonia studio",
    "software_versions": core.__version__,
    "device_serial_number": "0",
}
SERIES_NUMBERS = {
    "overlay": 9101,
    "finding": 9102,
    "report": 9103,
    "lungs": 9104,
    "reading": 9105,
    "contours": 9106,
}


def derived_uid(source: pydicom.Dataset, model: AvailableModel, kind: str, *content: object) -> str:
    """A UID that the same image, model and content always have."""
    sources = [str(source.SOPInstanceUID), str(model.identity), core.__version__, kind]
    return generate_uid(entropy_srcs=[*sources, *map(repr, content)])


def identity(source: pydicom.Dataset, model: AvailableModel, kind: str, *content: object) -> dict[str, Any]:
    """Series and instance of an object; with other content, such as a person's reading, another instance."""
    return {
        "series_instance_uid": derived_uid(source, model, f"{kind} series"),
        "series_number": SERIES_NUMBERS[kind],
        "sop_instance_uid": derived_uid(source, model, kind, *content),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
    }


@cache
def _software() -> str:
    """What writes the objects; looking up a version reads a file."""
    return f"highdicom {version('highdicom')}"


def file_bytes(file: pydicom.Dataset) -> bytes:
    """The object as a DICOM file, its texts in UTF-8."""
    file.SpecificCharacterSet = CHARACTER_SET
    file.SoftwareVersions = _software()
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
