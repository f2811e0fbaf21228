"""Who the patients in a hospital's table are, as far as that is kept: a digest, and their ages."""

import hashlib
from math import nan

import pandas as pd

from core.images import age_in_years

AGE = "age"  # of our tables
NAMES = ("age", "patientage", "ageyears", "ageinyears")  # of a column of ages: its letters, in lower case


def table_ages(table: pd.DataFrame) -> list[float]:
    """The age of each row's patient in years; NaN where the table does not tell."""
    letters = ["".join(filter(str.isalpha, name.lower())) for name in table.columns]
    column = next((index for index, name in enumerate(letters) if name in NAMES), None)
    if column is None:
        return [nan] * len(table)
    ages = map(age_in_years, table.iloc[:, column])
    return [nan if age is None else age for age in ages]


def patient_digest(patient: str) -> str:
    """A patient as something that nobody is called; "" if unknown."""
    return (
        hashlib.sha256(patient.strip().encode("utf-8", "surrogateescape")).hexdigest()
        if patient.strip()
        else ""
    )
