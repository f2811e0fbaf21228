"""Filtering and sorting the images of a data set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.dataset.dataset import Dataset

BY_ISSUE = "issue"
LUNG_COLUMNS = ("lung area", "lungs across", "lungs down", "lung tilt")
LUNG_AGREEMENT = "lung agreement"  # Dice coefficient of drawn and found lungs
SORT_ORDERS = (
    "path",
    "split",
    "label",
    "cause",
    "patient",
    "width",
    "height",
    "brightness",
    "contrast",
    "probability",
    BY_ISSUE,
)


@dataclass(frozen=True)
class ImageFilter:
    """Which images to show and in which order; by default all.

    Attributes:
        split, label, cause: as in the data set's table.
        patient: part of a patient's name.
        min_side: minimum width and height, in pixels.
        predicted: predicted label.
        correct: whether the prediction is correct.
        ranges: column, lowest and highest value; an image without a value lies in no range.
        order: one of `SORT_ORDERS`, or of `LUNG_COLUMNS` and `LUNG_AGREEMENT` if the table has them.
        descending: sort in descending order.
    """

    split: str | None = None
    label: str | None = None
    cause: str | None = None
    patient: str = ""
    min_side: int = 0
    predicted: str | None = None
    correct: bool | None = None
    ranges: tuple[tuple[str, float, float], ...] = ()
    order: str = "path"
    descending: bool = False


def image_table(
    dataset: Dataset,
    statistics: pd.DataFrame,
    predictions: pd.DataFrame | None = None,
    lungs: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The data set's table with every column that filters and sort orders use.

    Args:
        dataset: the data set.
        statistics: from `image_statistics`.
        predictions: a model's, with sha256 and probability; without them, `probability` is empty.
        lungs: with `LUNG_COLUMNS`, and `LUNG_AGREEMENT` if there are drawn ones, one row for each image;
            without it, the table does not have them.
    """
    table = dataset.table.assign(brightness=statistics["brightness"], contrast=statistics["contrast"])
    table["copied"] = table.duplicated("sha256", keep=False)
    probabilities = pd.Series(dtype=float)
    if predictions is not None:
        probabilities = predictions.drop_duplicates("sha256").set_index("sha256")["probability"]
    table["probability"] = table["sha256"].map(probabilities)
    return table if lungs is None else table.join(lungs)


def matching_rows(
    table: pd.DataFrame,
    image_filter: ImageFilter,
    threshold: float = 0.5,
    issue_rows: np.ndarray | None = None,
) -> np.ndarray:
    """Row numbers of the images that match a filter, in its order.

    Args:
        table: from `image_table`.
        image_filter: what to show.
        threshold: probability from which the predicted label is PNEUMONIA.
        issue_rows: the only rows to show, as a function of `ISSUES` gives them; `BY_ISSUE` is their order.
    """
    matches = _table_matches(table, image_filter) & _prediction_matches(table, image_filter, threshold)
    if issue_rows is not None:
        matches &= np.isin(np.arange(len(table)), issue_rows)
    if image_filter.order == BY_ISSUE:
        rows = np.flatnonzero(matches) if issue_rows is None else issue_rows[matches[issue_rows]]
        return rows[::-1] if image_filter.descending else rows
    values = table.loc[matches, image_filter.order]
    return values.sort_values(ascending=not image_filter.descending, kind="stable").index.to_numpy()


def _table_matches(table: pd.DataFrame, image_filter: ImageFilter) -> np.ndarray:
    matches = np.ones(len(table), bool)
    for column in ("split", "label", "cause"):
        value = getattr(image_filter, column)
        if value:
            matches &= (table[column] == value).to_numpy()
    if image_filter.patient:
        names = table["patient"].str
        matches &= names.contains(image_filter.patient, case=False, regex=False).to_numpy()
    if image_filter.min_side:
        matches &= (table[["width", "height"]].min(axis=1) >= image_filter.min_side).to_numpy()
    for column, lowest, highest in image_filter.ranges:
        matches &= table[column].between(lowest, highest).to_numpy()
    return matches


def _prediction_matches(table: pd.DataFrame, image_filter: ImageFilter, threshold: float) -> np.ndarray:
    if not image_filter.predicted and image_filter.correct is None:
        return np.ones(len(table), bool)
    matches = table["probability"].notna().to_numpy(copy=True)
    predicted = np.where(table["probability"] >= threshold, "PNEUMONIA", "NORMAL")
    if image_filter.predicted:
        matches &= predicted == image_filter.predicted
    if image_filter.correct is not None:
        matches &= (predicted == table["label"].to_numpy()) == image_filter.correct
    return matches
