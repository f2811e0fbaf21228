"""Where and when a DICOM file says that its image was taken: device, station, ward and month.

Nothing of the patient: no names, no IDs, and of the date no day.
"""

import re

import pydicom

from core.images.dicom_attributes import MAX_TEXT, text

PLACES = {  # the first that a file has
    "device": ("ManufacturerModelName",),
    "station": ("StationName",),
    "ward": ("CurrentPatientLocation", "InstitutionalDepartmentName"),
}
MONTH = "month"
DATES = ("AcquisitionDate", "StudyDate")  # the first that names a month
YEAR_AND_MONTH = re.compile(r"([12]\d{3})[.\-/]?(0[1-9]|1[0-2])")  # 20240131 or, in old files, 2024.01.31
ORIGIN_TAGS = ("Manufacturer", *(name for names in PLACES.values() for name in names), *DATES)


def origin_of(file: pydicom.Dataset) -> dict[str, str]:
    """The values that a file has, by `device` (manufacturer and model), `station`, `ward` and `month`."""
    origin = {place: _first(file, names) for place, names in PLACES.items()}
    maker = text(file, "Manufacturer")
    if maker.lower() not in origin["device"].lower():
        origin["device"] = f"{maker} {origin['device']}".strip()
    months = (YEAR_AND_MONTH.match(text(file, name)) for name in DATES)
    origin[MONTH] = next(("-".join(month.groups()) for month in months if month), "")
    return {name: value[:MAX_TEXT] for name, value in origin.items() if value}


def _first(file: pydicom.Dataset, names: tuple[str, ...]) -> str:
    return next(filter(None, (text(file, name) for name in names)), "")
