"""What DICOM objects take over from the image, so that they stand in its study."""

import re
from datetime import datetime

import pydicom

from core.errors import UserError
from core.images import decoded_text, open_dicom
from core.sentence import Sentence

ORIENTATION = ["L", "F"]  # of rows and columns: that of frontal images, where the header does not say
CHARACTER_SET = "ISO_IR 192"  # UTF-8
REQUIRED = {  # attributes that highdicom copies from the image, and their value where the image has none
    "SOPClassUID": None,
    "SOPInstanceUID": None,
    "StudyInstanceUID": None,
    "SeriesInstanceUID": None,
    "PatientID": "",
    "PatientName": "",
    "PatientBirthDate": "",
    "PatientSex": "",
    "StudyID": "",
    "StudyDate": "",
    "StudyTime": "",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
}
FORMATS = {  # other values are left empty: highdicom refuses them, and nothing is guessed
    "PatientBirthDate": r"\d{8}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2,6}(\.\d{1,6})?",
    "PatientSex": "[MFO]",
}
OPTIONAL = ("PatientOrientation", "Rows", "Columns")


def study_attributes(data: bytes) -> pydicom.Dataset:
    """The attributes that link an object to the image's study, their texts decoded.

    Raises:
        UserError: the file lacks a UID that identifies its study.
    """
    file = open_dicom(data, ("SpecificCharacterSet", *REQUIRED, *OPTIONAL))
    source = pydicom.Dataset()
    for name, default in REQUIRED.items():
        value = decoded_text(file, name).split("\\")[0]
        if not value and default is None:
            raise UserError(
                Sentence("The DICOM file has no {name}, so no object can be added to its study.", name=name)
            )
        if name in FORMATS and not _is_valid(name, value):
            value = default
        setattr(source, name, value or default)
    for name in OPTIONAL:
        if name in file:
            setattr(source, name, file[name].value)
    if len(source.get("PatientOrientation", None) or ()) != 2:
        source.PatientOrientation = ORIENTATION
    source.SpecificCharacterSet = CHARACTER_SET  # the texts are decoded, and written in it
    source.file_meta = file.file_meta
    return source


def _is_valid(name: str, value: str) -> bool:
    """Whether a value has the format of its attribute; of a date and a time, whether they exist."""
    if not re.fullmatch(FORMATS[name], value):
        return False
    try:
        if name.endswith("Date"):
            datetime.strptime(value, "%Y%m%d")
        elif name.endswith("Time"):
            datetime.strptime(value[:6], "%H%M%S"[: 2 * (len(value[:6]) // 2)])
    except ValueError:
        return False
    return True
