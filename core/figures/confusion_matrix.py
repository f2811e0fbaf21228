"""The confusion matrix."""

import plotly.graph_objects as go

from core.config import CLASS_NAMES
from core.evaluation import counted_share
from core.figures.style import heading, styled
from core.sentence import Sentence

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
        [
            f"<b>{cell} {count:,}</b><br>{counted_share(count, sum(counts))}"
            for cell, count in zip(cells, counts, strict=True)
        ]
        for cells, counts in zip(CELLS, matrix, strict=True)
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
            xgap=2,
            ygap=2,
            hoverinfo="skip",
        )
    )
    figure.update_yaxes(title=Sentence("true label"), tickangle=-90, range=[1.5, -0.5], showgrid=False)
    figure.update_xaxes(
        title=Sentence("predicted label"), tickangle=0, range=[-0.5, 1.5], showgrid=False, side="bottom"
    )
    return styled(figure, height=300, title=heading(title))
