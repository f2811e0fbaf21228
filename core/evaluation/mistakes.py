"""Which images models get wrong, and on which they disagree."""

import numpy as np
import pandas as pd

from core.evaluation.predictions import Predictions


def mistakes(model: Predictions, threshold: float) -> pd.DataFrame:
    """The images that a model calls wrongly, the surest first: its table with `surprise` added.

    Surprise is how far the probability lies on the wrong side of the threshold, 0 to 1.
    """
    wrong = (model.probabilities >= threshold) != (model.labels == 1)
    surprise = np.abs(model.probabilities - threshold)
    table = model.table.assign(surprise=surprise)[wrong]
    return table.sort_values("surprise", ascending=False, ignore_index=True)


def missed_by_all(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """The images that every model calls wrongly: the first model's table, the surest first."""
    wrong = [set(mistakes(model, thresholds[model.name])["sha256"]) for model in models]
    first = mistakes(models[0], thresholds[models[0].name])
    return first[first["sha256"].isin(set.intersection(*wrong))].reset_index(drop=True)


def disagreements(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """The images that models call differently, the widest apart first: table with `apart` added.

    Only images that all models were measured on.
    """
    columns = {model.name: model.table.drop_duplicates("sha256").set_index("sha256") for model in models}
    found = pd.DataFrame({name: table["probability"] for name, table in columns.items()}).dropna()
    called = pd.DataFrame({name: found[name] >= thresholds[name] for name in found})
    differ = called.nunique(axis=1) > 1
    apart = (found.max(axis=1) - found.min(axis=1))[differ].rename("apart")
    table = next(iter(columns.values())).join(apart, how="inner")
    return table.sort_values("apart", ascending=False).reset_index()
