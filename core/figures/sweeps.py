"""Figures of sweeps."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MODEL_COLORS, MUTED, NORMAL, PNEUMONIA, styled
from core.sentence import Sentence

MIN_LOG_RATIO = 30  # of the largest value to the smallest, from which an axis is logarithmic
RESULTS = {"loss": Sentence("validation loss"), "auc": Sentence("validation AUC")}
COLOR_SCALE = [[0, MODEL_COLORS[1]], [0.5, "#b9a9a0"], [1, MODEL_COLORS[0]]]  # the best are orange


def parallel_coordinates(table: pd.DataFrame, varied: list[str]) -> go.Figure:
    """Trials as lines through the values of their settings and their results, coloured by loss.

    Args:
        table: one row per trial, with the columns `varied`, loss and auc, as in `core.runs.Sweep.table`.
        varied: the settings, in order.
    """
    axes = [_axis(table[name], name) for name in varied]
    axes += [_axis(table[name], label) for name, label in RESULTS.items() if table[name].notna().all()]
    figure = go.Figure(
        go.Parcoords(
            dimensions=axes,
            line={"color": table["loss"], "colorscale": COLOR_SCALE, "showscale": False},
            labelfont={"size": 13, "color": MUTED, "shadow": "none"},
            tickfont={"size": 12, "color": MUTED, "shadow": "none"},
            rangefont={"size": 1, "color": "rgba(0,0,0,0)"},  # hidden: it repeats the ticks
        )
    )
    return styled(figure, height=360, margin={"l": 60, "r": 60, "t": 56, "b": 24})


def departures(table: pd.DataFrame, measure: str = "loss") -> go.Figure:
    """The effect of each change of an ablation: a dot per seed, a diamond for the mean; 0 is no change.

    Args:
        table: one row per change and seed, with the columns change, seed, loss and auc (changed minus
            unchanged), as in `core.runs.Sweep.ablation_effects`.
        measure: `loss` or `auc`, of validation.
    """
    means = table.groupby("change", sort=False)[measure].mean()
    figure = go.Figure()
    figure.add_vline(0, line={"color": MUTED, "width": 1})
    figure.add_scatter(
        x=table[measure],
        y=table["change"],
        mode="markers",
        marker={"color": NORMAL, "size": 8},
        name=Sentence("one seed"),
        customdata=table["seed"],
        hovertemplate=Sentence("%{{y}}, seed %{{customdata}}: %{{x:+.4f}}<extra></extra>"),
    )
    figure.add_scatter(
        x=means,
        y=means.index,
        mode="markers",
        marker={"color": PNEUMONIA, "size": 12, "symbol": "diamond"},
        name=Sentence("mean"),
        hovertemplate=Sentence("%{{y}}, mean: %{{x:+.4f}}<extra></extra>"),
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(
        title=Sentence("{measure}, changed minus unchanged", measure=RESULTS[measure]), tickformat="+.3~f"
    )
    return styled(figure, height=120 + 34 * len(means))


def _axis(values: pd.Series, name: str) -> dict:
    """One axis: numbers on a linear or logarithmic scale, other values at equal distances."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        texts = values.map(str)
        known = sorted(texts.unique())
        return {
            "label": name,
            "values": [known.index(text) for text in texts],
            "tickvals": list(range(len(known))),
            "ticktext": known,
            "range": [-0.1, len(known) - 0.9],
        }
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low > MIN_LOG_RATIO:
        ticks = np.geomspace(low, high, 5)
        return {
            "label": name,
            "values": np.log10(values.astype(float)),
            "tickvals": np.log10(ticks),
            "ticktext": [f"{tick:.2g}" for tick in ticks],
        }
    ticks = np.linspace(low, high, 5) if high > low else [low]
    return {
        "label": name,
        "values": values.astype(float),
        "tickvals": list(ticks),
        "ticktext": [f"{tick:.4g}" for tick in ticks],
    }
