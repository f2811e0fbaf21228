"""Finding films in a set: filters, order, and a page of thumbnails as one picture."""

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from core.dataset.index import Dataset

THUMBNAIL = 96  # pixels a side
ORDERS = (
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
    "problem",
)


@dataclass(frozen=True)
class Filter:
    """Which films to show, in which order; None lets all through.

    Attributes:
        split, label, cause: as in the set's table.
        patient: part of a patient's name.
        smallest: least width and height, in pixels.
        called: class that a model gave them.
        right: whether that model was right.
        order: column to sort by.
        descending: the largest first.
    """

    split: str | None = None
    label: str | None = None
    cause: str | None = None
    patient: str = ""
    smallest: int = 0
    called: str | None = None
    right: bool | None = None
    order: str = "path"
    descending: bool = False


def films(dataset: Dataset, looks: pd.DataFrame, predictions: pd.DataFrame | None = None) -> pd.DataFrame:
    """The set's table with all that filters and orders go by; a row a film, in the set's order.

    Args:
        looks: what `film_looks` gives.
        predictions: a model's, with sha256 and probability; columns are empty without.
    """
    table = dataset.table.assign(brightness=looks["brightness"], contrast=looks["contrast"])
    table["copied"] = table.duplicated("sha256", keep=False)
    known = pd.Series(dtype=float)
    if predictions is not None:
        known = predictions.drop_duplicates("sha256").set_index("sha256")["probability"]
    table["probability"] = table["sha256"].map(known)
    return table


def matching(
    table: pd.DataFrame, wanted: Filter, threshold: float = 0.5, among: np.ndarray | None = None
) -> np.ndarray:
    """Row numbers of the films that a filter lets through, in its order.

    Args:
        table: from `films`.
        threshold: probability from which the model's films are called PNEUMONIA.
        among: row numbers to keep to, as one of `PROBLEMS` gives them; the order `problem` is theirs.
    """
    kept = np.ones(len(table), bool)
    for column in ("split", "label", "cause"):
        value = getattr(wanted, column)
        if value:
            kept &= (table[column] == value).to_numpy()
    if wanted.patient:
        kept &= table["patient"].str.contains(wanted.patient, case=False, regex=False).to_numpy()
    if wanted.smallest:
        kept &= (table[["width", "height"]].min(axis=1) >= wanted.smallest).to_numpy()
    if among is not None:
        kept &= np.isin(np.arange(len(table)), among)
    if wanted.called or wanted.right is not None:
        known = table["probability"].notna().to_numpy()
        called = np.where(table["probability"] >= threshold, "PNEUMONIA", "NORMAL")
        kept &= known
        if wanted.called:
            kept &= called == wanted.called
        if wanted.right is not None:
            kept &= (called == table["label"].to_numpy()) == wanted.right
    if wanted.order == "problem":
        rows = np.flatnonzero(kept) if among is None else among[kept[among]]
        return rows[::-1] if wanted.descending else rows
    chosen = table.loc[kept, wanted.order]
    return chosen.sort_values(ascending=not wanted.descending, kind="stable").index.to_numpy()


def sprite(dataset: Dataset, rows: np.ndarray, columns: int = 10) -> bytes:
    """Thumbnails of some films in one JPEG, `columns` beside one another."""
    lines = max(1, -(-len(rows) // columns))
    sheet = Image.new("L", (columns * THUMBNAIL, lines * THUMBNAIL))
    for place, row in enumerate(rows):
        thumbnail = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        sheet.paste(thumbnail, (place % columns * THUMBNAIL, place // columns * THUMBNAIL))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
