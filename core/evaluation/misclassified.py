"""Images that models misclassify, and images on which they disagree."""

import numpy as np
import pandas as pd

from core.evaluation.predictions import Predictions


def misclassified(model: Predictions, threshold: float) -> pd.DataFrame:
    """The images that a model misclassifies, most confident errors first: its table with `margin` added.

    The margin is the distance of the probability from the threshold, 0 to 1.
    """
    wrong = model.wrong_at(threshold)
    table = model.table.assign(margin=np.abs(model.probabilities - threshold))[wrong]
    return table.sort_values("margin", ascending=False, ignore_index=True)


def misclassified_by_all(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """The images that every model misclassifies: the first model's table, its most confident errors first."""
    wrong = [set(misclassified(model, thresholds[model.name])["sha256"]) for model in models]
    first = misclassified(models[0], thresholds[models[0].name])
    return first[first["sha256"].isin(set.intersection(*wrong))].reset_index(drop=True)


def disagreements(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """The images for which the models' predicted labels differ, widest range first: `range` is added.

    Only images that all models were evaluated on; the range is that of the probabilities, 0 to 1.
    """
    tables = {model.name: model.table.drop_duplicates("sha256").set_index("sha256") for model in models}
    probabilities = pd.DataFrame({name: table["probability"] for name, table in tables.items()}).dropna()
    predicted = pd.DataFrame({name: probabilities[name] >= thresholds[name] for name in tables})
    differ = predicted.nunique(axis=1) > 1
    ranges = (probabilities.max(axis=1) - probabilities.min(axis=1))[differ].rename("range")
    table = next(iter(tables.values())).join(ranges, how="inner")
    return table.sort_values("range", ascending=False).reset_index()
