"""Figures of the diagnosis page."""

import plotly.graph_objects as go

from core.figures.style import GRID, MUTED, NORMAL, PNEUMONIA, styled


def probability_bar(probability: float, threshold: float) -> go.Figure:
    """A probability of pneumonia on a line from 0 to 1, with the threshold marked.

    Args:
        probability: of PNEUMONIA, 0 to 1.
        threshold: from which a film is called PNEUMONIA.
    """
    color = PNEUMONIA if probability >= threshold else NORMAL
    figure = go.Figure()
    figure.add_bar(x=[1], y=[""], orientation="h", marker_color=GRID, hoverinfo="skip")
    figure.add_bar(
        x=[probability],
        y=[""],
        orientation="h",
        marker_color=color,
        hovertemplate="probability of pneumonia %{x:.1%}<extra></extra>",
    )
    figure.add_vline(threshold, line_color=MUTED, line_dash="dash", line_width=2)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", showgrid=False)
    margin = {"l": 8, "r": 16, "t": 4, "b": 24}
    return styled(figure, height=70, barmode="overlay", showlegend=False, margin=margin)
