"""Points with 95% intervals: metrics by model, rates by subgroup, effects of the occlusion test."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation import METRICS, Metric
from core.figures.style import CLASS_COLORS, LEGEND_BELOW, MODEL_COLORS, MUTED, error_bars, heading, styled
from core.sentence import Sentence

ROW_HEIGHT = 34  # pixels a metric
ROOM = 0.02  # of the axis of rates, beyond the outermost intervals
RATES = {  # title, colour, and shift from the line of the subgroup
    "sensitivity": (Sentence("sensitivity"), CLASS_COLORS["PNEUMONIA"], -0.15),
    "specificity": (Sentence("specificity"), CLASS_COLORS["NORMAL"], 0.15),
}


def metric_intervals(models: dict[str, dict]) -> go.Figure:
    """The models' metrics side by side: above those of which higher is better, below the others.

    Args:
        models: of `core.evaluation.evaluate_with_intervals`, by model name.
    """
    metrics = METRICS.values()
    directions = [[metric for metric in metrics if metric.higher_is_better is up] for up in (True, False)]
    panels = [panel for panel in directions if panel]
    figure = make_subplots(
        len(panels),
        1,
        row_heights=[len(panel) for panel in panels],
        vertical_spacing=0.12,
    )
    for row, panel in enumerate(panels, start=1):
        for index, (name, values) in enumerate(models.items()):
            figure.add_trace(_model_points(name, values, panel, index, len(models), row == 1), row, 1)
        titles = [metric.title for metric in panel]
        figure.update_yaxes(tickvals=list(range(len(titles))), ticktext=titles, row=row)
        direction = Sentence("higher is better") if panel[0].higher_is_better else Sentence("lower is better")
        figure.update_xaxes(title=direction, title_standoff=4, row=row)
        if panel[0].higher_is_better:
            figure.update_xaxes(tickformat=".0%", row=row)
        figure.update_yaxes(range=[len(titles) - 0.5, -0.5], row=row)
    return styled(figure, height=130 + ROW_HEIGHT * len(METRICS))


def _model_points(
    name: str, metrics: dict, panel: list[Metric], index: int, models: int, in_legend: bool
) -> go.Scatter:
    """One model's metrics in a panel, shifted so that the models do not hide each other."""
    shown = [metric for metric in panel if metrics[metric.name] is not None]
    values = np.array([metrics[metric.name] for metric in shown])
    intervals = [metrics["intervals"][metric.name] for metric in shown]
    bounds = np.array(
        [interval or (value, value) for interval, value in zip(intervals, values, strict=True)]
    ).reshape(-1, 2)
    texts = [metric.text(*known) for metric, *known in zip(shown, values, intervals, strict=True)]
    return go.Scatter(
        name=name,
        x=values,
        y=[panel.index(metric) + 0.22 * (index - (models - 1) / 2) for metric in shown],
        mode="markers",
        marker={"size": 10, "color": MODEL_COLORS[index % len(MODEL_COLORS)]},
        error_x=error_bars(values, bounds[:, 0], bounds[:, 1]),
        customdata=[[metric.title, text] for metric, text in zip(shown, texts, strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + name + "</extra>",
        legendgroup=name,
        showlegend=in_legend,
    )


def subgroup_rates(models: dict[str, list[dict]]) -> dict[str, go.Figure]:
    """Sensitivity and specificity by subgroup, with intervals: a figure for each model, all on one scale.

    Args:
        models: of `core.evaluation.subgroup_rates`, by model name.
    """
    lows = [
        row[f"{rate}_interval"][0]
        for rows in models.values()
        for row in rows
        for rate in RATES
        if row[rate] is not None
    ]
    start = max(0.0, min(lows, default=0.0) - ROOM)
    return {name: _subgroup_figure(rows, name, start) for name, rows in models.items()}


def _subgroup_figure(rows: list[dict], title: str, start: float) -> go.Figure:
    """The subgroups of one model, from `start` on the axis."""
    figure = go.Figure()
    for rate, (title_of_rate, color, shift) in RATES.items():
        shown = [(index, row) for index, row in enumerate(rows) if row[rate] is not None]
        values = np.array([row[rate] for _, row in shown])
        bounds = np.array([row[f"{rate}_interval"] for _, row in shown]).reshape(-1, 2)
        figure.add_scatter(
            name=title_of_rate,
            x=values,
            y=[index + shift for index, _ in shown],
            mode="markers",
            marker={"color": color, "size": 9},
            error_x=error_bars(values, bounds[:, 0], bounds[:, 1]),
            hovertemplate=Sentence("{rate} %{{x:.1%}}<extra></extra>", rate=title_of_rate),
        )
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[f"{row['group']} ({row['images']:,})" for row in rows],
        autorange="reversed",
    )
    figure.update_xaxes(tickformat=".0%", range=[start, 1 + ROOM])
    height = 110 + 32 * len(rows)
    return styled(figure, height=height, title=heading(title), legend=LEGEND_BELOW)


def occlusion_differences(table: pd.DataFrame) -> go.Figure:
    """Change of ROC AUC when a part of the images is hidden, with intervals.

    Args:
        table: with the columns model, hidden, difference, low and high.
    """
    figure = go.Figure()
    names = list(dict.fromkeys(table["model"]))
    masks = list(table.groupby("hidden", sort=False))
    for index, (mask, rows) in enumerate(masks):
        offset = 0.2 * (index - (len(masks) - 1) / 2)
        figure.add_scatter(
            name=Sentence("{mask} hidden", mask=mask),
            x=rows["difference"],
            y=[names.index(name) + offset for name in rows["model"]],
            mode="markers",
            marker={"size": 10, "color": MODEL_COLORS[(2 + index) % len(MODEL_COLORS)]},
            error_x=error_bars(rows["difference"], rows["low"], rows["high"]),
            hovertemplate=Sentence("%{{x:+.3f}}<extra>{mask} hidden</extra>", mask=mask),
        )
    figure.add_vline(0, line_color=MUTED, line_width=1)
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, autorange="reversed")
    figure.update_xaxes(title=Sentence("ROC AUC, hidden minus whole"), tickformat="+.2f")
    return styled(figure, height=130 + 25 * len(masks) * len(names))
