"""The confusion matrix."""

import plotly.graph_objects as go

from core.config import CLASS_NAMES
from core.figures.style import heading, styled

CELLS = [["TN", "FP"], ["FN", "TP"]]


def confusion_matrix(matrix: list[list[int]], title: str = "") -> go.Figure:
    """Images by true and predicted label, with their share of the true label.

    Args:
        matrix: [[tn, fp], [fn, tp]].
        title: of the figure; "" for none.
    """
    totals = [max(1, sum(row)) for row in matrix]
    shares = [[count / total for count in row] for row, total in zip(matrix, totals, strict=True)]
    texts = [
        [f"<b>{cell} {count:,}</b><br>{share:.0%}" for cell, count, share in zip(*columns, strict=True)]
        for columns in zip(CELLS, matrix, shares, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=CLASS_NAMES,
            y=CLASS_NAMES,
            text=texts,
            texttemplate="%{text}",
            textfont={"size": 15, "color": "white"},
            colorscale=[[0, "#75838f"], [1, "#0b6e99"]],  # opaque: white text is legible in both themes
            zmin=0,
            zmax=1,
            showscale=False,
            hoverinfo="skip",
        )
    )
    cells = [(row, column) for row in range(2) for column in range(2)]
    figure.add_scatter(  # a heat map cannot be clicked; invisible squares over it can
        x=[CLASS_NAMES[column] for _, column in cells],
        y=[CLASS_NAMES[row] for row, _ in cells],
        customdata=cells,
        mode="markers",
        marker={"symbol": "square", "size": 90, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        text=[f"{matrix[row][column]:,} ({shares[row][column]:.0%})" for row, column in cells],
        hovertemplate="true %{y}, predicted %{x}: %{text}<extra></extra>",
        showlegend=False,
    )
    # Fixed ranges: the squares would widen them.
    figure.update_yaxes(title="true label", tickangle=-90, range=[1.5, -0.5], showgrid=False)
    figure.update_xaxes(
        title="predicted label", tickangle=0, range=[-0.5, 1.5], showgrid=False, side="bottom"
    )
    return styled(figure, height=300, title=heading(title))
