"""Figures of the dataset page."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import CLASS_COLORS, LEGEND_BELOW, NORMAL, styled
from core.sentence import Sentence

BINS = 40
DASHES = {"train": "solid", "val": "dot", "test": "dash"}


def class_balance(counts: dict[str, dict[str, int]]) -> go.Figure:
    """Images by split and class, as stacked bars.

    Args:
        counts: images by split, then by class.
    """
    figure = go.Figure()
    splits = list(counts)
    for label, color in CLASS_COLORS.items():
        values = [counts[split][label] for split in splits]
        shares = [
            value / max(1, sum(counts[split].values())) for split, value in zip(splits, values, strict=True)
        ]
        figure.add_bar(
            name=label,
            y=splits,
            x=values,
            orientation="h",
            marker_color=color,
            text=[f"{value:,}" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont_color="white",
            customdata=[f"{share:.0%}" for share in shares],
            hovertemplate=Sentence(
                "%{{y}} · {label}: %{{x:,}} images (%{{customdata}})<extra></extra>", label=label
            ),
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=Sentence("images"), tickformat=",")
    # A number that does not fit into its bar is left to the hover text.
    fits = {"minsize": 10, "mode": "hide"}
    figure = styled(figure, height=110 + 60 * len(splits), barmode="stack", uniformtext=fits)
    return figure.update_layout(legend_traceorder="normal")  # as the bars are; by default stacks reverse it


def distribution(statistics: pd.DataFrame, name: str) -> go.Figure:
    """Histograms of a statistic of the images, one line for each class and split.

    Args:
        statistics: one row per image, with split, label and the statistic.
        name: of the column.
    """
    figure = go.Figure()
    low, high = statistics[name].min(), statistics[name].max()
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    for (split, label), group in statistics.groupby(["split", "label"]):
        counts, _ = np.histogram(group[name], edges)
        figure.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts / len(group),
            name=f"{split} · {label}",
            mode="lines",
            line={"color": CLASS_COLORS[str(label)], "dash": DASHES[str(split)], "shape": "hvh", "width": 2},
            hovertemplate=Sentence(
                "%{{x:.3g}}: %{{y:.1%}} of {split}/{label}<extra></extra>", split=split, label=label
            ),
        )
    figure.update_xaxes(title=name)
    figure.update_yaxes(title=Sentence("share of images"), tickformat=".0%", rangemode="tozero")
    return styled(figure, height=400, legend=LEGEND_BELOW)


def grey_levels(pixels: np.ndarray) -> go.Figure:
    """Histogram of an image's grey levels.

    Args:
        pixels: uint8 ndarray of shape (height, width).
    """
    counts, edges = np.histogram(pixels, 64, (0, 256))
    figure = go.Figure(go.Bar(x=edges[:-1] + 2, y=counts / pixels.size, marker_color=NORMAL, width=4))
    figure.update_traces(hovertemplate=Sentence("grey level %{{x:.0f}}: %{{y:.1%}}<extra></extra>"))
    figure.update_xaxes(title=Sentence("grey level"))
    figure.update_yaxes(visible=False)
    return styled(figure, height=200)
