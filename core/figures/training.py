"""Figures of the training page."""

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import GRID, MUTED, STAGE_COLORS, styled

MOST_POINTS = 1500
METRICS = {"loss": "Loss", "accuracy": "Accuracy"}


def frozen_layers(layers: list[tuple[str, int, bool]]) -> go.Figure:
    """The network as a row of blocks, those that a stage trains in colour.

    Args:
        layers: (name, parameters, trained) in order.
    """
    figure = go.Figure()
    for trained, color, name in ((False, MUTED, "frozen"), (True, STAGE_COLORS[2], "trained")):
        chosen = [(i, layer) for i, layer in enumerate(layers) if layer[2] == trained]
        figure.add_bar(
            name=name,
            x=[i for i, _ in chosen],
            y=[1 if layer[0].startswith("block") else 1.6 for _, layer in chosen],
            marker_color=color,
            opacity=1.0 if trained else 0.45,
            customdata=[[layer[0], f"{layer[1]:,}"] for _, layer in chosen],
            hovertemplate=f"%{{customdata[0]}}: %{{customdata[1]}} parameters, {name}<extra></extra>",
        )
    blocks = [layer[0].split("_")[0].replace("block", "block ") for layer in layers]
    middles = {block: [i for i, name in enumerate(blocks) if name == block] for block in blocks}
    figure.update_xaxes(
        tickvals=[sum(places) / len(places) for places in middles.values()],
        ticktext=[name.removeprefix("block ") if "block" in name else "" for name in middles],
        title="block of VGG19, then the head",
        showgrid=False,
    )
    figure.update_yaxes(visible=False)
    return styled(figure, height=170, barmode="overlay", bargap=0.12)


def curves(steps: pd.DataFrame, epochs: pd.DataFrame, metric: str) -> go.Figure:
    """Training by step and validation by epoch, the stages one after another on one axis.

    Args:
        steps: a run's history by step.
        epochs: a run's history by epoch.
        metric: `loss` or `accuracy`.
    """
    figure = go.Figure()
    offset = 0
    for stage in sorted(steps["stage"].unique()):
        color = STAGE_COLORS[int(stage)]
        mine = steps[steps["stage"] == stage].reset_index(drop=True)
        ends = mine.groupby("epoch").apply(lambda group: group.index[-1], include_groups=False) + 1
        smooth = mine[metric].rolling(max(1, len(mine) // 40), min_periods=1).mean()
        shown = range(0, len(mine), max(1, len(mine) // MOST_POINTS))
        figure.add_scatter(
            x=[offset + i + 1 for i in shown],
            y=smooth.iloc[list(shown)],
            name=f"stage {stage} training",
            line={"color": color, "width": 1.5, "dash": "dot"},
            hovertemplate="step %{x}: %{y:.3f}<extra>training</extra>",
        )
        done = epochs[epochs["stage"] == stage]
        places = [offset + int(ends.get(epoch, len(mine))) for epoch in done["epoch"]]
        figure.add_scatter(
            x=places,
            y=done[f"val_{metric}"],
            name=f"stage {stage} validation",
            mode="lines+markers",
            line={"color": color, "width": 2.5},
            marker={"size": 7},
            customdata=done["epoch"],
            hovertemplate="epoch %{customdata}: %{y:.3f}<extra>validation</extra>",
        )
        best = done[done["best"] == 1]
        if len(best):
            row = len(done) - 1 - list(done["best"])[::-1].index(1)
            figure.add_scatter(
                x=[places[row]],
                y=[done[f"val_{metric}"].iloc[row]],
                mode="markers",
                marker={"symbol": "star", "size": 14, "color": color},
                showlegend=False,
                hovertemplate="best weights: %{y:.3f}<extra></extra>",
            )
        offset += len(mine)
        figure.add_vline(offset + 0.5, line_color=GRID)
    figure.update_xaxes(title="step")
    if metric == "accuracy":
        figure.update_yaxes(tickformat=".0%")
    title = {"text": METRICS[metric], "font": {"size": 15}, "x": 0}
    legend = {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0}
    return styled(figure, height=360, title=title, legend=legend, hovermode="closest", uirevision="keep")
