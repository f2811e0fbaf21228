"""Figures of the diagnosis page."""

import plotly.graph_objects as go

from core.figures.style import GRID, MUTED, NORMAL, PNEUMONIA, styled


def probability_bar(
    probability: float,
    threshold: float,
    threshold_title: str,
    spread: tuple[float, float] | None = None,
    doubtful: bool = False,
    undecided: tuple[float, float] | None = None,
) -> go.Figure:
    """A probability of pneumonia on a line from 0 to 1, with the threshold and an ensemble's spread.

    Args:
        probability: of PNEUMONIA, 0 to 1.
        threshold: probability at or above which an image is predicted PNEUMONIA.
        threshold_title: what stands at the threshold, or at what is undecided.
        spread: lowest and highest probability of an ensemble's members; None for any other model.
        doubtful: whether the probability says nothing; it is drawn without colour.
        undecided: from and to which probability nothing is decided, marked instead of the threshold; None for
            a model without zones.
    """
    color = GRID if doubtful else PNEUMONIA if probability >= threshold else NORMAL
    figure = go.Figure()
    figure.add_bar(x=[1], y=[""], orientation="h", marker_color=GRID, hoverinfo="skip")
    figure.add_bar(
        x=[probability],
        y=[""],
        orientation="h",
        marker_color=color,
        hoverinfo="skip",  # it stands above the bar, never as 0% or 100%
    )
    if spread:
        figure.add_vrect(*spread, fillcolor=MUTED, opacity=0.5, line_width=0)
    bounds = undecided or (threshold,)
    for bound in bounds:
        figure.add_vline(bound, line_color=MUTED, line_dash="dash", line_width=2)
    middle = sum(bounds) / len(bounds)
    figure.add_annotation(
        text=threshold_title,
        x=middle,
        y=1,
        yref="paper",
        xanchor="right" if middle > 0.5 else "left",
        yanchor="bottom",
        showarrow=False,
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", showgrid=False)
    figure.update_yaxes(showgrid=False)
    margin = {"l": 8, "r": 16, "t": 20, "b": 24}
    return styled(figure, height=86, barmode="overlay", showlegend=False, margin=margin)
