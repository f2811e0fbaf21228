"""The style of all figures: colours that are safe for colour-blind readers on a light or dark background."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

NORMAL = "#2a8fbd"
PNEUMONIA = "#e07b39"
CLASS_COLORS = {"NORMAL": NORMAL, "PNEUMONIA": PNEUMONIA}
MODEL_COLORS = ("#2a8fbd", "#e07b39", "#7a68c9", "#3d9970", "#b5547f")
STAGE_COLORS = dict(enumerate(MODEL_COLORS[:4], start=1))
MUTED = "#8896a3"
GRID = "rgba(136, 150, 163, 0.25)"
LEGEND_BELOW = {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
UNIT_SQUARE = {"xaxis": {"range": [-0.02, 1.02]}, "yaxis": {"range": [-0.02, 1.02]}}


def faded(color: str, opacity: float = 0.15) -> str:
    """A colour of the form #rrggbb, made transparent."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def heading(text: str) -> dict:
    """A figure's title, small and on the left."""
    return {"text": text, "font": {"size": 17}, "x": 0}


def diagonal(name: str = "") -> go.Scatter:
    """The dotted line y = x, in the legend if it has a name."""
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "dash": "dot", "width": 1},
        name=name,
        showlegend=bool(name),
        hoverinfo="skip",
    )


def error_bars(
    values: np.ndarray | pd.Series, low: np.ndarray | pd.Series, high: np.ndarray | pd.Series
) -> dict:
    """Plotly's error bars for intervals; all of shape (n,)."""
    return {"array": high - values, "arrayminus": values - low, "thickness": 1.5, "width": 3}


def styled(figure: go.Figure, height: int = 320, **layout: object) -> go.Figure:
    """`figure` with the common layout: transparent background, faint grid, legend above."""
    common = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "title": None},
        "hoverlabel": {"namelength": -1},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": MUTED, "activecolor": NORMAL},
    }
    figure.update_layout(**common | layout)
    axes = {"gridcolor": GRID, "zerolinecolor": GRID, "automargin": True}
    figure.update_xaxes(**axes)
    figure.update_yaxes(**axes)
    return figure
