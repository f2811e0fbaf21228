"""What is kept beside a prediction, so that it can be judged without the data set."""

import numpy as np
import pandas as pd

from core.dataset.index import Dataset


def described(dataset: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """Path, label, patient, cause, sha256 and look of some films, a row each.

    Brightness and contrast are mean and standard deviation of its 128 x 128 pixels, 0 to 255.

    Args:
        rows: int ndarray, row numbers in the data set.
    """
    pixels = dataset.pixels[rows]
    columns = dataset.table.iloc[rows][["path", "label", "patient", "cause", "sha256"]]
    return columns.assign(
        brightness=pixels.mean(axis=(1, 2)).round(2), contrast=pixels.std(axis=(1, 2)).round(2)
    )
