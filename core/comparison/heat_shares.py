"""How much of a model's heat maps lies in the lungs: computed with the occlusion test, compared by model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.anatomy import Lungs
from core.comparison.model_comparison import ModelComparison
from core.evaluation import Predictions, patient_weights, percentile_interval
from core.inference import HeatMap, heat_location

HEAT_IN_LUNGS = "heat in lungs"  # column of a saved occlusion test: NaN without plausible lungs or heat


def heat_shares(maps: Sequence[HeatMap], lungs: Sequence[Lungs]) -> list[float]:
    """Share of each heat map that lies in the lungs of its image; NaN where it is unknown."""
    locations = [heat_location(*pair) for pair in zip(maps, lungs, strict=True)]
    return [location.inside if location else np.nan for location in locations]


def heat_share_table(comparison: ModelComparison) -> pd.DataFrame:
    """Mean share of the heat in the lungs by model, with a 95% interval by bootstrap over patients.

    Models without an occlusion test, or with one of an earlier version, are left out.
    """
    rows = []
    for stage, model in zip(comparison.stages, comparison.models, strict=False):
        saved = stage.run.results.occlusion_test(stage.number, comparison.split)
        if saved is None or HEAT_IN_LUNGS not in saved[0]:
            continue
        table = saved[0].drop_duplicates("path").set_index("path").loc[model.table["path"]]
        shares = pd.to_numeric(table[HEAT_IN_LUNGS], errors="coerce").to_numpy(float)
        rows.append(mean_heat_share(model, shares))
    return pd.DataFrame(rows)


def mean_heat_share(model: Predictions, shares: np.ndarray) -> dict:
    """A row of the table, of the shares of a model's images, (n,); NaN where one is unknown."""
    known = np.isfinite(shares)
    if not known.any():
        return {"model": model.name, "images": 0, HEAT_IN_LUNGS: np.nan, "low": np.nan, "high": np.nan}
    weights = patient_weights(model.patients[known])
    totals = weights.sum(axis=1)
    low, high = percentile_interval(weights @ shares[known] / totals) or (np.nan, np.nan)
    mean = float(shares[known].mean())
    return {"model": model.name, "images": int(known.sum()), HEAT_IN_LUNGS: mean, "low": low, "high": high}
