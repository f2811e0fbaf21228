"""Control charts: shares by day, with the limits between which they are expected."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.style import LEGEND_BELOW, MODEL_COLORS, MUTED, faded, styled
from core.sentence import Sentence

AMBER_COLOR, RED_COLOR = "#c98a00", "#cc3d3d"
PANEL = 130  # pixels, of height
FEW_DAYS = 5
BAR_MS = 0.8 * 86_400_000  # 80% of a day; of a single day Plotly would draw a line
HALF_A_DAY = pd.Timedelta(hours=12)


def control_charts(days: pd.DataFrame, shares: dict[str, pd.DataFrame]) -> go.Figure:
    """Images a day, and below that each share by day with its limits.

    Args:
        days: with the columns day and results.
        shares: tables by title, with the columns day, n, share and, where known, low, high, lowest, highest.
    """
    titles = [Sentence("Results a day"), *shares]
    figure = make_subplots(len(titles), 1, shared_xaxes=True, vertical_spacing=0.07, subplot_titles=titles)
    figure.add_bar(
        x=days["day"],
        y=days["results"],
        width=BAR_MS,
        marker_color=MUTED,
        name=Sentence("results"),
        showlegend=False,
        row=1,
        col=1,
    )
    for row, table in enumerate(shares.values(), start=2):
        if "low" in table:
            _add_limits(figure, table, row)
        figure.add_scatter(
            x=table["day"],
            y=table["share"],
            mode="lines+markers",
            line={"color": MODEL_COLORS[0], "width": 1},
            marker={"size": 7, "color": _colors(table)},
            customdata=table["n"],
            hovertemplate=Sentence("%{{x}}: %{{y:.0%}} of %{{customdata}}<extra></extra>"),
            cliponaxis=False,
            showlegend=False,
            row=row,
            col=1,
        )
        figure.update_yaxes(tickformat=".0%", rangemode="tozero", row=row)
    if len(days) < FEW_DAYS:  # else Plotly counts hours
        figure.update_xaxes(tickvals=days["day"])
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    return styled(figure, height=90 + PANEL * len(titles), legend=LEGEND_BELOW)


def _add_limits(figure: go.Figure, table: pd.DataFrame, row: int) -> None:
    """Two bands: between the limits of amber, and between those of red."""
    bands = (("lowest", "highest", 0.12, "2,000"), ("low", "high", 0.22, "40"))
    days = table.loc[table.index.repeat(2)]
    times = [pd.Timestamp(day) + half for day in table["day"] for half in (-HALF_A_DAY, HALF_A_DAY)]
    for lower, upper, opacity, number in bands:
        figure.add_scatter(
            x=[*times, *times[::-1]],
            y=[*days[upper], *days[lower][::-1]],
            mode="lines",  # else Plotly draws points of few days, in colours of its own
            fill="toself",
            fillcolor=faded(MUTED, opacity),
            line={"width": 0},
            hoverinfo="skip",
            name=Sentence("by chance < 1 of {number} days above, as few below", number=number),
            showlegend=row == 2,
            row=row,
            col=1,
        )


def _colors(table: pd.DataFrame) -> list[str]:
    """The colour of each day's point."""
    if "low" not in table:
        return [MODEL_COLORS[0]] * len(table)
    beyond = ~table["share"].between(table["low"], table["high"])
    far = ~table["share"].between(table["lowest"], table["highest"])
    return [
        RED_COLOR if red else AMBER_COLOR if amber else MODEL_COLORS[0]
        for red, amber in zip(far, beyond, strict=True)
    ]
