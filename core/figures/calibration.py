"""Probabilities of models: reliability diagram and histogram by class."""

import numpy as np
import plotly.graph_objects as go

from core.figures.style import (
    CLASS_COLORS,
    LEGEND_BELOW,
    MODEL_COLORS,
    MUTED,
    UNIT_SQUARE,
    diagonal,
    heading,
    styled,
)


def reliability_diagram(before: dict[str, list[dict]], after: dict[str, list[dict]]) -> go.Figure:
    """Observed frequency of pneumonia over predicted probability, before and after temperature scaling.

    Args:
        before, after: bins of `core.evaluation.reliability` by model name.
    """
    figure = go.Figure(diagonal("perfectly calibrated"))
    for bins, dash, scaling in ((before, "dot", "before scaling"), (after, "solid", "after scaling")):
        for index, (name, rows) in enumerate(bins.items()):
            largest = max(row["n"] for row in rows)
            figure.add_scatter(
                x=[row["probability"] for row in rows],
                y=[row["positives"] / row["n"] for row in rows],
                mode="lines+markers",
                name=f"{name}, {scaling}",
                line={"color": MODEL_COLORS[index % len(MODEL_COLORS)], "dash": dash},
                marker={"size": [5 + 14 * (row["n"] / largest) ** 0.5 for row in rows]},
                customdata=[[row["n"], row["positives"]] for row in rows],
                hovertemplate="predicted %{x:.2f}, observed %{y:.2f} (%{customdata[1]} of %{customdata[0]})"
                f"<extra>{name}</extra>",
            )
    figure.update_xaxes(title="mean predicted probability")
    figure.update_yaxes(title="observed frequency of pneumonia")
    return styled(figure, height=440, title=heading("Reliability"), legend=LEGEND_BELOW, **UNIT_SQUARE)


def probability_histogram(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float, title: str
) -> go.Figure:
    """Distribution of the probabilities in each class, with the decision threshold.

    Args:
        labels: 0 or 1, shape (n,).
        probabilities: shape (n,).
        threshold: decision threshold.
        title: of the figure.
    """
    figure = go.Figure()
    for number, (name, color) in enumerate(CLASS_COLORS.items()):
        figure.add_histogram(
            x=probabilities[labels == number],
            xbins={"start": 0, "end": 1.0001, "size": 0.05},
            name=name,
            marker_color=color,
            opacity=0.7,
            hovertemplate="%{x}: %{y} images<extra>" + name + "</extra>",
        )
    figure.add_vline(threshold, line_color=MUTED, line_dash="dash")
    figure.update_xaxes(range=[0, 1], title="probability of pneumonia")
    figure.update_yaxes(title="images")
    return styled(figure, height=320, barmode="overlay", title=heading(title), legend=LEGEND_BELOW)
