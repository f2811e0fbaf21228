"""ROC, precision-recall and decision curves of models."""

import numpy as np
import plotly.graph_objects as go

from core.evaluation import Curve
from core.figures.style import (
    LEGEND_BELOW,
    MODEL_COLORS,
    MUTED,
    UNIT_SQUARE,
    diagonal,
    faded,
    heading,
    styled,
)
from core.sentence import Sentence


def roc_curves(curves: dict[str, Curve], points: dict[str, tuple[float, float]]) -> go.Figure:
    """ROC curves with pointwise bands and operating points.

    Args:
        curves: by model name.
        points: (1 - specificity, sensitivity) at the operating point, by model name.
    """
    figure = _with_bands(curves, points, Sentence("1 - specificity %{{x:.3f}}, sensitivity %{{y:.3f}}"))
    figure.add_trace(diagonal())
    figure.update_xaxes(title=Sentence("1 - specificity"))
    figure.update_yaxes(title=Sentence("sensitivity"))
    return styled(figure, height=420, title=heading("ROC"), legend=LEGEND_BELOW, **UNIT_SQUARE)


def precision_recall_curves(curves: dict[str, Curve], points: dict[str, tuple[float, float]]) -> go.Figure:
    """Precision-recall curves with pointwise bands and operating points.

    Args:
        curves: by model name.
        points: (sensitivity, PPV) at the operating point, by model name.
    """
    figure = _with_bands(curves, points, Sentence("sensitivity %{{x:.3f}}, PPV %{{y:.3f}}"))
    figure.update_xaxes(title=Sentence("sensitivity (recall)"))
    figure.update_yaxes(title=Sentence("PPV (precision)"))
    return styled(
        figure,
        height=420,
        title=heading(Sentence("Precision and recall")),
        legend=LEGEND_BELOW,
        **UNIT_SQUARE,
    )


def decision_curves(thresholds: np.ndarray, benefits: dict[str, np.ndarray]) -> go.Figure:
    """Net benefit over the threshold probability, against treating all and treating none.

    Args:
        thresholds: shape (k,).
        benefits: net benefit, shape (k,), by model name; and of "treat all".
    """
    figure = go.Figure()
    for index, (name, values) in enumerate(benefits.items()):
        reference = name == "treat all"
        line = (
            {"color": MUTED, "dash": "dash"}
            if reference
            else {"color": MODEL_COLORS[index % len(MODEL_COLORS)]}
        )
        figure.add_scatter(
            x=thresholds,
            y=values,
            mode="lines",
            name=name,
            line=line,
            hovertemplate=Sentence("at %{{x:.2f}}: %{{y:.3f}}<extra>{name}</extra>", name=name),
        )
    figure.add_hline(
        0,
        line_color=MUTED,
        line_width=1,
        annotation_text=Sentence("treat none"),
        annotation_position="top left",
        annotation_font_color=MUTED,
    )
    top = max(float(values.max()) for values in benefits.values())
    figure.update_yaxes(title=Sentence("net benefit"), range=[-0.1 * top, 1.1 * top])
    figure.update_xaxes(title=Sentence("threshold probability"))
    return styled(figure, height=380, legend=LEGEND_BELOW)


def _with_bands(curves: dict[str, Curve], points: dict[str, tuple[float, float]], hover: str) -> go.Figure:
    """Curves, their bands and a diamond at each operating point."""
    figure = go.Figure()
    for index, (name, curve) in enumerate(curves.items()):
        color = MODEL_COLORS[index % len(MODEL_COLORS)]
        figure.add_scatter(
            x=np.r_[curve.grid, curve.grid[::-1]],
            y=np.r_[curve.low, curve.high[::-1]],
            fill="toself",
            fillcolor=faded(color),
            line={"width": 0},
            name=Sentence("95% pointwise band, bootstrap over patients"),
            legendgroup="band",
            showlegend=index == 0,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            mode="lines",
            line={"color": color, "width": 2},
            name=name,
            hovertemplate=Sentence("{values}<extra>{name}</extra>", values=hover, name=name),
        )
        figure.add_scatter(
            x=[points[name][0]],
            y=[points[name][1]],
            mode="markers",
            marker={
                "color": color,
                "size": 12,
                "symbol": "diamond",
                "line": {"color": "white", "width": 1.5},
            },
            showlegend=False,
            hovertemplate=Sentence("operating point: {values}<extra>{name}</extra>", values=hover, name=name),
        )
    return figure
