"""Figures of the comparison page."""

import pandas as pd
import plotly.graph_objects as go

from core.config import CLASS_NAMES
from core.figures.style import STAGE_COLORS, styled

SHOWN = {
    "accuracy": "Accuracy",
    "auc": "ROC AUC",
    "recall": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
}


def metric_points(evaluations: dict[int, dict]) -> go.Figure:
    """The stages' metrics side by side, as points on one scale.

    Args:
        evaluations: metrics of one split by stage number.
    """
    figure = go.Figure()
    for place, (stage, metrics) in enumerate(evaluations.items()):
        shown = {name: metrics[name] for name in SHOWN if metrics[name] is not None}
        figure.add_scatter(
            name=f"Stage {stage}",
            x=list(shown.values()),
            y=[list(SHOWN).index(name) + 0.18 * (place - (len(evaluations) - 1) / 2) for name in shown],
            mode="markers",
            marker={"size": 13, "color": STAGE_COLORS[stage]},
            customdata=[SHOWN[name] for name in shown],
            hovertemplate=f"Stage {stage} · %{{customdata}}: %{{x:.3f}}<extra></extra>",
        )
    figure.update_yaxes(tickvals=list(range(len(SHOWN))), ticktext=list(SHOWN.values()), autorange="reversed")
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    return styled(figure, height=360)


def confusion(matrix: list[list[int]], title: str) -> go.Figure:
    """Counts of truth against answer, with their shares of the row.

    Args:
        matrix: [[tn, fp], [fn, tp]].
    """
    totals = [max(1, sum(row)) for row in matrix]
    shares = [[value / total for value in row] for row, total in zip(matrix, totals, strict=True)]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=[f"called {name}" for name in CLASS_NAMES],
            y=[f"is {name}" for name in CLASS_NAMES],
            text=[
                [f"<b>{value:,}</b><br>{share:.0%}" for value, share in zip(row, part, strict=True)]
                for row, part in zip(matrix, shares, strict=True)
            ],
            texttemplate="%{text}",
            textfont={"size": 15, "color": "white"},
            colorscale=[[0, "#75838f"], [1, "#0b6e99"]],  # opaque: white reads on both, in both themes
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, side="bottom")
    return styled(figure, height=280, title={"text": title, "font": {"size": 15}})


def validation_losses(histories: dict[int, pd.DataFrame]) -> go.Figure:
    """Loss of the stages over their epochs, training dotted, validation solid.

    Args:
        histories: epochs of a run by stage number.
    """
    figure = go.Figure()
    for stage, epochs in histories.items():
        for column, dash, name in (("loss", "dot", "training"), ("val_loss", "solid", "validation")):
            figure.add_scatter(
                name=f"Stage {stage} {name}",
                x=epochs["epoch"],
                y=epochs[column],
                mode="lines+markers",
                line={"color": STAGE_COLORS[stage], "dash": dash},
                hovertemplate=f"Stage {stage}, epoch %{{x}}: %{{y:.3f}}<extra>{name}</extra>",
            )
    figure.update_xaxes(title="epoch", dtick=max(1, max(map(len, histories.values())) // 10))
    figure.update_yaxes(title="loss", rangemode="tozero")
    return styled(figure, height=340)
