"""Whose images are whose where not every patient is known."""

import pandas as pd


def patient_groups(table: pd.DataFrame, image: str = "sha256") -> pd.Series:
    """The patient of each image, (n,); an image of an unknown patient counts as a patient of its own.

    Args:
        table: a row for each image, with columns patient, "" if unknown, and `image`.
        image: the column that names an image: two with the same value are one.

    >>> list(patient_groups(pd.DataFrame({"patient": ["IM-1", ""], "sha256": ["aa", "bb"]})))
    ['IM-1', 'bb']
    """
    return table["patient"].where(table["patient"] != "", table[image])
