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
    error_bars,
    heading,
    styled,
)
from core.sentence import Sentence

SHIFT = 0.014  # between the models' points at one probability


def reliability_diagram(bins: dict[str, list[dict]]) -> go.Figure:
    """Observed frequency of pneumonia over predicted probability, with 95% intervals.

    Args:
        bins: of `core.evaluation.reliability`, by model name.
    """
    figure = go.Figure(diagonal(Sentence("perfectly calibrated")))
    for index, (name, rows) in enumerate(bins.items()):
        observed = np.array([row["positives"] / row["n"] for row in rows])
        low, high = np.array([row["interval"] for row in rows]).T
        figure.add_scatter(
            x=[row["probability"] + SHIFT * (index - (len(bins) - 1) / 2) for row in rows],
            y=observed,
            error_y=error_bars(observed, low, high),
            mode="markers",
            name=name,
            marker={"color": MODEL_COLORS[index % len(MODEL_COLORS)], "size": 9},
            customdata=[[row["probability"], row["n"], row["positives"]] for row in rows],
            hovertemplate=Sentence(
                "predicted %{{customdata[0]:.2f}}: %{{customdata[2]}} of %{{customdata[1]}} have "
                "pneumonia<extra>{name}</extra>",
                name=name,
            ),
        )
    figure.update_xaxes(title=Sentence("mean predicted probability"))
    figure.update_yaxes(title=Sentence("observed frequency of pneumonia"))
    return styled(
        figure, height=440, title=heading(Sentence("Reliability")), legend=LEGEND_BELOW, **UNIT_SQUARE
    )


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
            hovertemplate=Sentence("%{{x}}: %{{y}} images<extra>{name}</extra>", name=name),
        )
    figure.add_vline(threshold, line_color=MUTED, line_dash="dash")
    figure.update_xaxes(range=[0, 1], title=Sentence("probability of pneumonia"))
    figure.update_yaxes(title=Sentence("images"))
    return styled(figure, height=320, barmode="overlay", title=heading(title), legend=LEGEND_BELOW)
