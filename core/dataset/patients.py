"""Patients and causes of disease, from published file names, the table of an import, or DICOM headers."""

import csv
import re
from pathlib import Path

import pandas as pd

PATIENTS_FILE = "patients.csv"  # of an imported data set: path and patient, where file names do not tell
_PNEUMONIA = re.compile(r"person(\d+)_(bacteria|virus)_", re.IGNORECASE)
_NORMAL = re.compile(r"(NORMAL2-)?IM-(\d+)", re.IGNORECASE)


def patient_and_cause(file_name: str) -> tuple[str, str]:
    """Patient (kind + number) and cause (`bacteria`, `virus` or `none`) from a file name.

    The number alone does not identify a patient: person 100 with bacteria and person 100 with a virus are
    two. A name in another style gives ("", "none"): the patient is unknown.

    >>> patient_and_cause("person100_bacteria_475.jpeg")
    ('bacteria-100', 'bacteria')
    >>> patient_and_cause("NORMAL2-IM-0383-0001.jpeg")
    ('NORMAL2-IM-0383', 'none')
    """
    if match := _PNEUMONIA.match(file_name):
        number, cause = match.group(1), match.group(2).lower()
        return f"{cause}-{number}", cause
    if match := _NORMAL.match(file_name):
        return f"{(match.group(1) or '').upper()}IM-{match.group(2)}", "none"
    return "", "none"


def imported_patients(root: Path) -> dict[str, str]:
    """Patient by path, from the table that a data set was imported from; {} for other data sets."""
    path = root / PATIENTS_FILE
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        return {row["path"]: row["patient"] for row in csv.DictReader(file)}


def patients_in_headers(table: pd.DataFrame) -> pd.Series:
    """The patient of each image, that of its DICOM header where there is no other.

    Such a patient is called after one of the images, so that the same files have the same patients, and the
    same split, in every home.

    Args:
        table: with the columns patient, pseudonym and sha256.
    """
    first = table.groupby("pseudonym")["sha256"].transform("min")
    told = (table["patient"] == "") & (table["pseudonym"] != "")
    return table["patient"].where(~told, "dicom-" + first.str[:12])


def patients_in_training_and_test(table: pd.DataFrame) -> list[str]:
    """Known patients with images both in test and outside it, sorted."""
    known = table[table["patient"] != ""]
    in_test = known["split"] == "test"
    return sorted(set(known.loc[in_test, "patient"]) & set(known.loc[~in_test, "patient"]))
