"""Figures of the training page."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.architecture import Backbone, Layer
from core.figures.style import GRID, LEGEND_BELOW, MODEL_COLORS, MUTED, STAGE_COLORS, styled

MAX_POINTS = 1500
MAX_BARS = 40  # of layers; a network of more is drawn by block
MIN_LOG_RATIO = 20  # of the highest loss to the best validation loss, from which the axis is logarithmic
LOG_TICKS = [digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5)]
METRICS = {"loss": "Loss", "accuracy": "Accuracy"}
AXES = {"step": "training step", "epoch": "epoch", "time": "minutes of training"}
MARKS = {  # symbol, size, sentence
    "drop": ("triangle-down", 11, "learning rate dropped to {rate:.1e}"),
    "best": ("star", 14, "best weights so far"),
    "early": ("x", 10, "stopped early: no better validation loss"),
}


def frozen_layers(backbone: Backbone, trained_layers: Collection[str]) -> go.Figure:
    """The network as a row of bars, trained layers in colour.

    A bar is a layer with a kernel; in a network of more than `MAX_BARS` of them, a block, with the share of
    its layers that are trained in colour.

    Args:
        backbone: at its width.
        trained_layers: names of its layers that are trained besides the head.
    """
    layers = [layer for layer in backbone.weighted if layer.kernel]
    by_block = len(layers) > MAX_BARS
    bars: dict[str, list[Layer]] = {}
    for layer in layers:
        bars.setdefault(layer.block if by_block else layer.name, []).append(layer)
    figure = go.Figure()
    for trained, color, state in ((False, MUTED, "frozen"), (True, STAGE_COLORS[2], "trained")):
        parts = [
            [layer for layer in bar if backbone.is_trained(layer, trained_layers) == trained]
            for bar in bars.values()
        ]
        chosen = [(x, bar, part) for x, (bar, part) in enumerate(zip(bars, parts, strict=True)) if part]
        figure.add_bar(
            name=state,
            x=[x for x, _, _ in chosen],
            y=[_height(backbone, part) * len(part) / len(bars[bar]) for _, bar, part in chosen],
            marker_color=color,
            opacity=1.0 if trained else 0.45,
            customdata=[
                [bar, f"{len(part)} of {len(bars[bar])} layers, " if len(bars[bar]) > 1 else "", _size(part)]
                for _, bar, part in chosen
            ],
            hovertemplate=f"%{{customdata[0]}}: %{{customdata[1]}}%{{customdata[2]}}, {state}<extra></extra>",
        )
    blocks: dict[str, list[int]] = {}
    for x, bar in enumerate(bars.values()):
        if bar[0] in backbone.body:
            blocks.setdefault(bar[0].block.removeprefix("block"), []).append(x)
    figure.update_xaxes(
        tickvals=[sum(positions) / len(positions) for positions in blocks.values()],
        ticktext=list(blocks),
        title=f"block of {backbone.title}, then the head",
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(visible=False)
    return styled(figure, height=170, barmode="stack", bargap=0.12, showlegend=True)


def _height(backbone: Backbone, layers: list[Layer]) -> float:
    """Height of the bar of some layers; those of the head stand out."""
    return 1.6 if layers[0] in backbone.head else 1.0


def _size(layers: list[Layer]) -> str:
    return f"{sum(layer.parameters for layer in layers):,} parameters"


def curves(
    steps: pd.DataFrame,
    epochs: pd.DataFrame,
    metric: str,
    axis: str = "step",
    early: frozenset[int] = frozenset(),
) -> go.Figure:
    """Training by step and validation by epoch, the stages one after another on one axis.

    A star marks the best weights, a triangle each drop of the learning rate, a cross where a stage
    stopped early. However long the history, about `MAX_POINTS` are drawn.

    Args:
        steps: a run's history by step.
        epochs: a run's history by epoch.
        metric: `loss` or `accuracy`.
        axis: `step`, `epoch` or `time` (minutes of training).
        early: stages that ended before their last epoch.
    """
    traces, borders, offset = [], [], 0.0  # as plain dicts: a figure that grows trace by trace is slow
    stages = [int(stage) for stage in sorted(steps["stage"].unique())]
    for stage in stages:
        of_stage = steps[steps["stage"] == stage].reset_index(drop=True)
        done_epochs = epochs[epochs["stage"] == stage].reset_index(drop=True)
        step_positions, epoch_positions = _positions(of_stage, done_epochs, axis)
        color = STAGE_COLORS[stage]
        smooth = of_stage[metric].rolling(max(1, len(of_stage) // 40), min_periods=1).mean()
        shown = np.unique(np.linspace(0, len(of_stage) - 1, max(2, MAX_POINTS // len(stages))).astype(int))
        traces.append(
            {
                "x": (offset + step_positions[shown]).astype(np.float32),
                "y": smooth.to_numpy(np.float32)[shown],
                "mode": "lines",
                "showlegend": False,
                "line": {"color": color, "width": 1.5, "dash": "dot"},
                "hovertemplate": "%{y:.3f}<extra>training</extra>",
            }
        )
        values = done_epochs[f"val_{metric}"].to_numpy(np.float32)
        traces.append(
            {
                "x": offset + epoch_positions,
                "y": values,
                "name": f"stage {stage}",
                "mode": "lines+markers",
                "line": {"color": color, "width": 2.5},
                "marker": {"size": 6},
                "customdata": done_epochs["epoch"].to_numpy(),
                "hovertemplate": "epoch %{customdata}: %{y:.3f}<extra>validation</extra>",
            }
        )
        for kind, rows in _marks(done_epochs, stage in early).items():
            symbol, size, sentence = MARKS[kind]
            marker = {"symbol": symbol, "size": size, "color": color, "line": {"width": 1, "color": "#fff"}}
            traces.append(
                {
                    "x": offset + epoch_positions[rows],
                    "y": values[rows],
                    "mode": "markers",
                    "marker": marker,
                    "showlegend": False,
                    "customdata": [[sentence.format(rate=done_epochs["learning_rate"][row])] for row in rows],
                    "hovertemplate": "%{customdata[0]}<extra></extra>",
                }
            )
        offset += float(step_positions[-1])
        borders.append(
            {"x0": offset, "x1": offset, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": GRID}}
        )
    vertical = {}
    if metric == "accuracy":
        vertical = {"tickformat": ".0%"}
    elif steps["loss"].max() > MIN_LOG_RATIO * max(epochs["val_loss"].min(), 1e-6):
        # A first step may be a hundred times the last.
        vertical = {
            "type": "log",
            "tickvals": LOG_TICKS,
        }
    return styled(
        go.Figure(
            [{"type": "scatter", **trace} for trace in traces],
            {"shapes": borders, "xaxis": {"title": {"text": AXES[axis]}}, "yaxis": vertical},
        ),
        height=360,
        title={"text": METRICS[metric], "font": {"size": 15}, "x": 0},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1},
        showlegend=True,
        hovermode="closest",
        uirevision=axis,
    )


def validation_matrix(epochs: pd.DataFrame) -> go.Figure | None:
    """Confusion matrix on validation after the last epoch; None before there is one."""
    counts = epochs[["val_tn", "val_fp", "val_fn", "val_tp"]].dropna()
    if counts.empty:
        return None
    last = epochs.loc[counts.index[-1]]
    matrix = counts.iloc[-1].to_numpy(int).reshape(2, 2)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    names = ["normal", "pneumonia"]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale=[[0, "rgba(42, 143, 189, 0.05)"], [1, "rgba(42, 143, 189, 0.75)"]],
            showscale=False,
            text=[
                [f"{n:,}<br>{share:.0%}" for n, share in zip(*row, strict=True)]
                for row in zip(matrix, shares, strict=True)
            ],
            texttemplate="%{text}",
            hovertemplate="true %{y}, predicted %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title="predicted label", showgrid=False)
    figure.update_yaxes(title="true label", autorange="reversed", showgrid=False)
    text = f"Validation, stage {last['stage']:.0f} epoch {last['epoch']:.0f}"
    return styled(figure, height=360, title={"text": text, "font": {"size": 15}, "x": 0})


def _positions(steps: pd.DataFrame, epochs: pd.DataFrame, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a stage's steps and epochs on the axis, counted from the start of the stage."""
    ends = steps.groupby("epoch").size().cumsum()
    at = np.array([ends.get(epoch, len(steps)) for epoch in epochs["epoch"]], float)
    if axis == "time":
        return steps["seconds"].to_numpy(float) / 60, epochs["seconds"].to_numpy(float) / 60
    if axis == "step":
        return np.arange(1.0, len(steps) + 1), at
    an_epoch = float(steps["step"].max())
    return (steps["epoch"] - 1 + steps["step"] / an_epoch).to_numpy(float), epochs["epoch"].to_numpy(float)


def _marks(epochs: pd.DataFrame, early: bool) -> dict[str, list[int]]:
    """Rows of a stage's epochs to mark, by kind."""
    best = epochs.index[epochs["best"] == 1][-1:]
    drops = epochs.index[epochs["learning_rate"].diff() < 0]
    last = epochs.index[-1:] if early else []
    return {"drop": list(drops), "best": list(best), "early": list(last)}


def loss_by_model(histories: dict[str, pd.DataFrame]) -> go.Figure:
    """Loss of several models over their epochs: training dotted, validation solid.

    Args:
        histories: epochs of one stage, by model name.
    """
    figure = go.Figure()
    for index, (name, epochs) in enumerate(histories.items()):
        for column, dash, split in (("loss", "dot", "training"), ("val_loss", "solid", "validation")):
            figure.add_scatter(
                name=f"{name}, {split}",
                x=epochs["epoch"],
                y=epochs[column],
                mode="lines+markers",
                line={"color": MODEL_COLORS[index % len(MODEL_COLORS)], "dash": dash},
                hovertemplate=f"{name}, epoch %{{x}}: %{{y:.3f}}<extra>{split}</extra>",
            )
    figure.update_xaxes(title="epoch", dtick=max(1, max(map(len, histories.values())) // 10))
    figure.update_yaxes(title="loss", type="log", tickvals=LOG_TICKS)
    return styled(figure, height=360, legend=LEGEND_BELOW)
