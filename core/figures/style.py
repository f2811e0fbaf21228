"""The look that all figures share: colours safe for the colour-blind that read on light and dark."""

import plotly.graph_objects as go

NORMAL = "#2a8fbd"
PNEUMONIA = "#e07b39"
CLASS_COLORS = {"NORMAL": NORMAL, "PNEUMONIA": PNEUMONIA}
MODEL_COLORS = ("#2a8fbd", "#e07b39", "#7a68c9", "#3d9970", "#b5547f")
STAGE_COLORS = dict(enumerate(MODEL_COLORS[:4], start=1))
MUTED = "#8896a3"
GRID = "rgba(136, 150, 163, 0.25)"


def faded(color: str, opacity: float = 0.15) -> str:
    """A colour of the form #rrggbb, see-through."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def styled(figure: go.Figure, height: int = 320, **layout) -> go.Figure:
    """`figure` with the common layout: see-through background, quiet grid, legend above."""
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
