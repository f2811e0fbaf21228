"""Figures of the training page."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import GRID, MUTED, STAGE_COLORS, styled

MOST_POINTS = 1500
LOG_FROM = 20  # times the best validation loss: where the first losses would flatten all others
METRICS = {"loss": "Loss", "accuracy": "Accuracy"}
AXES = {"step": "training step", "epoch": "epoch", "time": "minutes of training"}
MARKS = {  # symbol, size, sentence
    "drop": ("triangle-down", 11, "learning rate dropped to {rate:.1e}"),
    "best": ("star", 14, "best weights so far"),
    "early": ("x", 10, "stopped early: no better validation loss"),
}


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
    return styled(figure, height=170, barmode="overlay", bargap=0.12, showlegend=True)


def curves(
    steps: pd.DataFrame,
    epochs: pd.DataFrame,
    metric: str,
    axis: str = "step",
    early: frozenset[int] = frozenset(),
) -> go.Figure:
    """Training by step and validation by epoch, the stages one after another on one axis.

    A star marks the best weights, a triangle each drop of the learning rate, a cross where a stage
    stopped early. However long the history, about `MOST_POINTS` are drawn.

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
        mine = steps[steps["stage"] == stage].reset_index(drop=True)
        done = epochs[epochs["stage"] == stage].reset_index(drop=True)
        places, epoch_places = _places(mine, done, axis)
        color = STAGE_COLORS[stage]
        smooth = mine[metric].rolling(max(1, len(mine) // 40), min_periods=1).mean()
        shown = np.unique(np.linspace(0, len(mine) - 1, max(2, MOST_POINTS // len(stages))).astype(int))
        traces.append(
            {
                "x": (offset + places[shown]).astype(np.float32),
                "y": smooth.to_numpy(np.float32)[shown],
                "mode": "lines",
                "showlegend": False,
                "line": {"color": color, "width": 1.5, "dash": "dot"},
                "hovertemplate": "%{y:.3f}<extra>training</extra>",
            }
        )
        values = done[f"val_{metric}"].to_numpy(np.float32)
        traces.append(
            {
                "x": offset + epoch_places,
                "y": values,
                "name": f"stage {stage}",
                "mode": "lines+markers",
                "line": {"color": color, "width": 2.5},
                "marker": {"size": 6},
                "customdata": done["epoch"].to_numpy(),
                "hovertemplate": "epoch %{customdata}: %{y:.3f}<extra>validation</extra>",
            }
        )
        for kind, rows in _marks(done, stage in early).items():
            symbol, size, sentence = MARKS[kind]
            look = {"symbol": symbol, "size": size, "color": color, "line": {"width": 1, "color": "#fff"}}
            traces.append(
                {
                    "x": offset + epoch_places[rows],
                    "y": values[rows],
                    "mode": "markers",
                    "marker": look,
                    "showlegend": False,
                    "customdata": [[sentence.format(rate=done["learning_rate"][row])] for row in rows],
                    "hovertemplate": "%{customdata[0]}<extra></extra>",
                }
            )
        offset += float(places[-1])
        borders.append(
            {"x0": offset, "x1": offset, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": GRID}}
        )
    vertical = {}
    if metric == "accuracy":
        vertical = {"tickformat": ".0%"}
    elif steps["loss"].max() > LOG_FROM * max(epochs["val_loss"].min(), 1e-6):
        # A first step may be a hundred times the last.
        vertical = {
            "type": "log",
            "tickvals": [digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5)],
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
            hovertemplate="truly %{y}, called %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title="called", showgrid=False)
    figure.update_yaxes(title="truly", autorange="reversed", showgrid=False)
    text = f"Validation, stage {last['stage']:.0f} epoch {last['epoch']:.0f}"
    return styled(figure, height=360, title={"text": text, "font": {"size": 15}, "x": 0})


def _places(steps: pd.DataFrame, epochs: pd.DataFrame, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the rows of a stage lie on the axis, counted from the stage's own beginning."""
    ends = steps.groupby("epoch").size().cumsum()
    at = np.array([ends.get(epoch, len(steps)) for epoch in epochs["epoch"]], float)
    if axis == "time":
        return steps["seconds"].to_numpy(float) / 60, epochs["seconds"].to_numpy(float) / 60
    if axis == "step":
        return np.arange(1.0, len(steps) + 1), at
    an_epoch = float(steps["step"].max())
    return (steps["epoch"] - 1 + steps["step"] / an_epoch).to_numpy(float), epochs["epoch"].to_numpy(float)


def _marks(epochs: pd.DataFrame, early: bool) -> dict[str, list[int]]:
    """Rows of a stage's epochs that deserve a mark, by kind."""
    best = epochs.index[epochs["best"] == 1][-1:]
    drops = epochs.index[epochs["learning_rate"].diff() < 0]
    last = epochs.index[-1:] if early else []
    return {"drop": list(drops), "best": list(best), "early": list(last)}
