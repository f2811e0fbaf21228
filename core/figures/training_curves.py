"""Loss and accuracy of a run while it trains."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import GRID, MUTED, STAGE_COLORS, heading, styled
from core.sentence import Sentence, template

MAX_POINTS = 1500
MIN_LOG_RATIO = 5  # of the highest loss to the best validation loss, from which the axis is logarithmic
LOG_TICKS = [digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5)]
METRICS = {"loss": Sentence("Loss"), "accuracy": Sentence("Accuracy")}
AXES = {
    "step": Sentence("training step"),
    "epoch": Sentence("epoch"),
    "time": Sentence("minutes of training"),
}
MARKS = {  # symbol, size, sentence
    "drop": ("triangle-down", 11, template("learning rate dropped to {rate:.1e}")),
    "best": ("star", 14, template("best weights so far")),
    "early": ("x", 10, template("stopped early: no better validation loss")),
}


def loss_axis(highest: float, best: float) -> dict:
    """Properties of an axis of losses: logarithmic where the highest is many times the best on validation."""
    if highest > MIN_LOG_RATIO * max(best, 1e-6):  # a first step may be a hundred times the last
        return {"type": "log", "tickvals": LOG_TICKS}
    return {}


def curves(
    steps: pd.DataFrame,
    epochs: pd.DataFrame,
    metric: str,
    axis: str = "step",
    early: frozenset[int] = frozenset(),
    reference: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> go.Figure:
    """Training by step and validation by epoch, the stages one after another on one axis.

    Validation of the reference lies behind it in grey, each stage from where that stage begins.

    A star marks the best weights, a triangle each drop of the learning rate, a cross where a stage
    stopped early. However long the history, about `MAX_POINTS` are drawn.

    Args:
        steps: a run's history by step.
        epochs: a run's history by epoch.
        metric: `loss` or `accuracy`.
        axis: `step`, `epoch` or `time` (minutes of training).
        early: stages that ended before their last epoch.
        reference: steps and epochs of another run; None for none.
    """
    traces, borders, offset = [], [], 0.0  # as plain dicts: a figure that grows trace by trace is slow
    stages = [int(stage) for stage in sorted(steps["stage"].unique())]
    for stage in stages:
        behind, reference_end = _reference_trace(reference, stage, metric, axis, offset)
        traces += behind
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
                "hovertemplate": Sentence("%{{y:.3f}}<extra>training</extra>"),
            }
        )
        values = done_epochs[f"val_{metric}"].to_numpy(np.float32)
        traces.append(
            {
                "x": offset + epoch_positions,
                "y": values,
                "name": Sentence("stage {stage}", stage=stage),
                "mode": "lines+markers",
                "line": {"color": color, "width": 2.5},
                "marker": {"size": 6},
                "customdata": done_epochs["epoch"].to_numpy(),
                "hovertemplate": Sentence("epoch %{{customdata}}: %{{y:.3f}}<extra>validation</extra>"),
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
                    "customdata": [
                        [Sentence(sentence, rate=done_epochs["learning_rate"][row])] for row in rows
                    ],
                    "hovertemplate": "%{customdata[0]}<extra></extra>",
                }
            )
        offset += max(float(step_positions[-1]), reference_end)
        borders.append(
            {"x0": offset, "x1": offset, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": GRID}}
        )
    percent = {"tickformat": ".0%"}
    vertical = percent if metric == "accuracy" else loss_axis(steps["loss"].max(), epochs["val_loss"].min())
    return styled(
        go.Figure(
            [{"type": "scatter", **trace} for trace in traces],
            {"shapes": borders, "xaxis": {"title": {"text": AXES[axis]}}, "yaxis": vertical},
        ),
        height=360,
        title=heading(METRICS[metric]),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1},
        showlegend=True,
        hovermode="closest",
        uirevision=axis,
    )


def _reference_trace(
    reference: tuple[pd.DataFrame, pd.DataFrame] | None, stage: int, metric: str, axis: str, offset: float
) -> tuple[list[dict], float]:
    """Validation of another run in a stage, and where on the axis that stage ends, counted from its start."""
    if reference is None:
        return [], 0.0
    steps, epochs = (table[table["stage"] == stage].reset_index(drop=True) for table in reference)
    if steps.empty or epochs.empty:
        return [], 0.0
    step_positions, epoch_positions = _positions(steps, epochs, axis)
    trace = {
        "x": offset + epoch_positions,
        "y": epochs[f"val_{metric}"].to_numpy(np.float32),
        "mode": "lines",
        "showlegend": False,
        "line": {"color": MUTED, "width": 2.5},
        "customdata": epochs["epoch"].to_numpy(),
        "hovertemplate": Sentence("epoch %{{customdata}}: %{{y:.3f}}<extra>the other run</extra>"),
    }
    return [trace], float(step_positions[-1])


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
