"""Who the patients in a hospital's table are, as far as that is kept: a digest, and their ages."""

import hashlib
from math import nan

import pandas as pd

from core.images import age_in_years
from core.sentence import Sentence

AGE = "age"  # of our tables
UNKNOWN = ("", "unknown")  # in lower case
NAMES = ("age", "patientage", "ageyears", "ageinyears")  # of a column of ages: its letters, in lower case


def table_ages(table: pd.DataFrame) -> tuple[list[float], list[str]]:
    """The age of each row's patient in years, NaN where the table does not tell; and a note on the others.

    The note, if there is one, is a sentence on those that could not be read.
    """
    letters = ["".join(filter(str.isalpha, name.lower())) for name in table.columns]
    column = next((index for index, name in enumerate(letters) if name in NAMES), None)
    if column is None:
        return [nan] * len(table), []
    texts = table.iloc[:, column].str.strip()
    ages = list(map(age_in_years, texts))
    unread = sum(age is None for age, text in zip(ages, texts, strict=True) if text.lower() not in UNKNOWN)
    note = Sentence(
        "{unread:,} of the table's ages could not be read. Write them as 3.5, in years, or as 18M.",
        unread=unread,
    )
    return [nan if age is None else age for age in ages], [note] if unread else []


def patient_digest(patient: str) -> str:
    """A patient as something that nobody is called; "" if unknown."""
    return (
        hashlib.sha256(patient.strip().encode("utf-8", "surrogateescape")).hexdigest()
        if patient.strip()
        else ""
    )
