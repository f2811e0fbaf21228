"""What the occlusion test of a model gave, in lines for people."""

from collections.abc import Iterable

import pandas as pd

from core.comparison import HEAT_IN_LUNGS, OcclusionEffect


def print_occlusion(effects: Iterable[OcclusionEffect], heat: pd.DataFrame) -> None:
    """A line for each hidden part of each model, then the share of each model's heat in the lungs.

    Args:
        effects: of hiding parts.
        heat: of `core.comparison.heat_share_table`.
    """
    for effect in effects:
        print(f"{effect.model}, {effect.mask} hidden: {_change(effect)}")
    for row in heat.to_dict("records"):
        interval = f" ({row['low']:.1%} to {row['high']:.1%})" if pd.notna(row["low"]) else ""
        share = f"{row[HEAT_IN_LUNGS]:.1%}{interval}" if row["images"] else "unknown"
        print(f"{row['model']}, share of the heat in the lungs: {share}, {row['images']} images")


def _change(effect: OcclusionEffect) -> str:
    if effect.auc is None:
        return "too few images to test"
    low, high = effect.auc.interval
    return f"ROC AUC {effect.auc.value:+.3f} ({low:+.3f} to {high:+.3f}), {effect.images} images"
