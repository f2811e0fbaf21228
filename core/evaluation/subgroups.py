"""Groups of images in which a model may do better or worse than on the whole."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation.intervals import wilson
from core.evaluation.predictions import Predictions

QUARTERS = 4


def subgroups(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Masks of shape (n,) by name; groups that the table cannot tell are left out.

    Args:
        table: of Predictions.
    """
    everything = np.ones(len(table), bool)
    groups = {"all images": everything}
    for cause, name in (("bacteria", "bacterial pneumonia"), ("virus", "viral pneumonia")):
        groups[name] = (table["cause"] == cause).to_numpy()
    normal = (table["label"] == CLASS_NAMES[0]).to_numpy()
    second_series = table["patient"].str.startswith("NORMAL2-").to_numpy()
    first_series = table["patient"].str.startswith("IM-").to_numpy()
    groups["normal, series IM-"] = normal & first_series
    groups["normal, series NORMAL2-"] = normal & second_series
    if (table["patient"] != "").all():
        groups["one image a patient"] = ~table["patient"].duplicated().to_numpy()
    if "sha256" in table:
        groups["without identical twins"] = ~table["sha256"].duplicated().to_numpy()
    for column in ("brightness", "contrast"):
        if column in table:
            groups |= _quarters(table[column], column)
    return {name: chosen for name, chosen in groups.items() if chosen.any()}


def rates(predictions: Predictions, threshold: float) -> list[dict]:
    """Sensitivity and specificity in each group, with counts and Wilson's 95 % intervals.

    Returns:
        A dict a group: group, images, positives, found, sensitivity, sensitivity_interval, negatives,
        cleared, specificity, specificity_interval; rates over no image are None.
    """
    called = predictions.probabilities >= threshold
    positive = predictions.labels == 1
    rows = []
    for name, chosen in subgroups(predictions.table).items():
        positives, negatives = int((chosen & positive).sum()), int((chosen & ~positive).sum())
        found, cleared = int((chosen & positive & called).sum()), int((chosen & ~positive & ~called).sum())
        rows.append(
            {
                "group": name,
                "images": int(chosen.sum()),
                "positives": positives,
                "found": found,
                "sensitivity": found / positives if positives else None,
                "sensitivity_interval": wilson(found, positives),
                "negatives": negatives,
                "cleared": cleared,
                "specificity": cleared / negatives if negatives else None,
                "specificity_interval": wilson(cleared, negatives),
            }
        )
    return rows


def _quarters(values: pd.Series, column: str) -> dict[str, np.ndarray]:
    if values.nunique() < QUARTERS:
        return {}
    place = pd.qcut(values, QUARTERS, labels=False, duplicates="drop")
    names = (f"{column}, quarter {number + 1} of {QUARTERS}" for number in range(QUARTERS))
    return {name: (place == number).to_numpy() for number, name in enumerate(names)}
