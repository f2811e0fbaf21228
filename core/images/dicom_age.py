"""A patient's age at the time of an image, by its DICOM header."""

import re
from datetime import date

import pydicom

from core.images.dicom_attributes import text
from core.images.patient_age import MAX_YEARS, YEAR, PatientAge, age_in_years

AGE = re.compile(r"0*(\d{1,3})\s*([DWMY]?)", re.IGNORECASE)
DATES = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")


def patient_age(file: pydicom.Dataset) -> PatientAge | None:
    """The age by PatientAge, else by birth date and date of the image; None if the header gives neither."""
    if AGE.fullmatch(written := text(file, "PatientAge")):
        years = age_in_years(written)
        return PatientAge(years, "PatientAge") if years is not None else None
    born = _date(text(file, "PatientBirthDate"))
    for name in DATES:
        taken = _date(text(file, name))
        if born and taken and 0 <= (days := (taken - born).days) <= MAX_YEARS * YEAR:
            still_to_come = (taken.month, taken.day) < (born.month, born.day)
            birthdays = taken.year - born.year - still_to_come
            return PatientAge(days / YEAR, f"PatientBirthDate and {name}", birthdays)
    return None


def _date(value: str) -> date | None:
    """A date such as 20240131 or, in old files, 2024.01.31."""
    digits = re.sub(r"[.\-/]", "", value)
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None
