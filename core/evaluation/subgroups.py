"""Subgroups of images in which a model may do better or worse than overall."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation.intervals import wilson
from core.evaluation.predictions import Predictions

QUARTERS = 4


def subgroups(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Boolean masks of shape (n,) by subgroup; subgroups that the table cannot define are left out.

    Args:
        table: of `Predictions`.
    """
    groups = {"all images": np.ones(len(table), bool)}
    for cause, name in (("bacteria", "bacterial pneumonia"), ("virus", "viral pneumonia")):
        groups[name] = (table["cause"] == cause).to_numpy()
    normal = (table["label"] == CLASS_NAMES[0]).to_numpy()
    sites = table["site"] + "/" if "site" in table else [""] * len(table)  # of a joined set: before the names
    names = [patient.removeprefix(site) for patient, site in zip(table["patient"], sites, strict=True)]
    for prefix in ("IM-", "NORMAL2-"):
        groups[f"normal, series {prefix}"] = normal & np.array(
            [name.startswith(prefix) for name in names], bool
        )
    if (table["patient"] != "").all():
        groups["one image per patient"] = ~table["patient"].duplicated().to_numpy()
    if "site" in table and table["site"].nunique() > 1:
        groups |= {f"site {site}": (table["site"] == site).to_numpy() for site in sorted(set(table["site"]))}
    if "sha256" in table:
        groups["without duplicates"] = ~table["sha256"].duplicated().to_numpy()
    for column in ("brightness", "contrast"):
        if column in table:
            groups |= _quarters(table[column], column)
    return {name: mask for name, mask in groups.items() if mask.any()}


def subgroup_rates(predictions: Predictions, threshold: float) -> list[dict]:
    """Sensitivity and specificity in each subgroup, with counts and Wilson's 95% intervals.

    Returns:
        A dict per subgroup: group, images, positives, tp, sensitivity, sensitivity_interval, negatives, tn,
        specificity, specificity_interval; rates of no images are None.
    """
    predicted = predictions.probabilities >= threshold
    positive = predictions.labels == 1
    rows = []
    for name, mask in subgroups(predictions.table).items():
        positives, negatives = int((mask & positive).sum()), int((mask & ~positive).sum())
        tp, tn = int((mask & positive & predicted).sum()), int((mask & ~positive & ~predicted).sum())
        rows.append(
            {
                "group": name,
                "images": int(mask.sum()),
                "positives": positives,
                "tp": tp,
                "sensitivity": tp / positives if positives else None,
                "sensitivity_interval": wilson(tp, positives),
                "negatives": negatives,
                "tn": tn,
                "specificity": tn / negatives if negatives else None,
                "specificity_interval": wilson(tn, negatives),
            }
        )
    return rows


def _quarters(values: pd.Series, column: str) -> dict[str, np.ndarray]:
    if values.nunique() < QUARTERS:
        return {}
    numbers = pd.qcut(values, QUARTERS, labels=False, duplicates="drop")
    names = (f"{column}, quarter {number + 1} of {QUARTERS}" for number in range(QUARTERS))
    return {name: (numbers == number).to_numpy() for number, name in enumerate(names)}
