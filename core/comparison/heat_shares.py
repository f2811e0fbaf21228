"""How much of a model's heat maps lies in the lungs: computed with the occlusion test, compared by model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.comparison.model_comparison import ModelComparison
from core.dataset import Dataset
from core.evaluation import Predictions, patient_weights, percentile_interval

if TYPE_CHECKING:
    from core.inference import Predictor

BATCH = 32
HEAT_IN_LUNGS = "heat in lungs"  # column of a saved occlusion test: NaN without plausible lungs or heat


def heat_shares(
    predictor: Predictor,
    dataset: Dataset,
    rows: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Share of each image's heat that lies in its lungs, float64 (n,); NaN where it is unknown.

    Args:
        predictor: the model.
        dataset: opened.
        rows: n row numbers.
        progress: called with (images done, images in total).
    """
    # Imported here: it takes half a second, and reading saved results does without.
    from core.anatomy import shared_lung_finder
    from core.inference import heat_location

    framed, framing = predictor.framed(dataset), predictor.framing
    shares = np.full(len(rows), np.nan)
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        lungs = shared_lung_finder().find_in_pixels(dataset.pixels[batch])
        boxes = [framing.frame(item.box, item.quality).box for item in lungs]
        maps = predictor.heat_maps(framed[batch], boxes)
        for position, pair in enumerate(zip(maps, lungs, strict=True), start):
            if location := heat_location(*pair):
                shares[position] = location.inside
        if progress:
            progress(start + len(batch), len(rows))
    return shares


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
        rows.append({"model": model.name, **_mean(shares, model)})
    return pd.DataFrame(rows)


def _mean(shares: np.ndarray, model: Predictions) -> dict:
    """Mean and interval of the known shares, and how many there are."""
    known = np.isfinite(shares)
    if not known.any():
        return {"images": 0, HEAT_IN_LUNGS: np.nan, "low": np.nan, "high": np.nan}
    weights = patient_weights(model.patients[known])
    totals = weights.sum(axis=1)
    low, high = percentile_interval(weights @ shares[known] / totals) or (np.nan, np.nan)
    mean = float(shares[known].mean())
    return {"images": int(known.sum()), HEAT_IN_LUNGS: mean, "low": low, "high": high}
