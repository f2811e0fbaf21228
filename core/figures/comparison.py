"""Figures of the comparison page."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.config import CLASS_NAMES
from core.evaluation import METRICS
from core.figures.style import CLASS_COLORS, MODEL_COLORS, MUTED, faded, styled

ON_ONE_SCALE = [name for name in METRICS if name not in ("loss", "brier", "ece")]
SQUARE = {"xaxis": {"range": [-0.02, 1.02]}, "yaxis": {"range": [-0.02, 1.02]}}


def metric_points(models: dict[str, dict]) -> go.Figure:
    """The models' metrics side by side, as points with 95 % intervals on one scale.

    Args:
        models: of `core.evaluation.measured`, by model name.
    """
    figure = go.Figure()
    for place, (name, metrics) in enumerate(models.items()):
        shown = [metric for metric in ON_ONE_SCALE if metrics[metric] is not None]
        values = np.array([metrics[metric] for metric in shown])
        known = [metrics["intervals"][metric] for metric in shown]
        bounds = np.array([interval or (value, value) for interval, value in zip(known, values, strict=True)])
        figure.add_scatter(
            name=name,
            x=values,
            y=[ON_ONE_SCALE.index(metric) + 0.22 * (place - (len(models) - 1) / 2) for metric in shown],
            mode="markers",
            marker={"size": 10, "color": MODEL_COLORS[place % len(MODEL_COLORS)]},
            error_x={
                "array": bounds[:, 1] - values,
                "arrayminus": values - bounds[:, 0],
                "thickness": 1.5,
                "width": 3,
            },
            customdata=[
                [METRICS[metric], f"{low:.3f} to {high:.3f}"]
                for metric, (low, high) in zip(shown, bounds, strict=True)
            ],
            hovertemplate="%{customdata[0]}: %{x:.3f} (%{customdata[1]})<extra>" + name + "</extra>",
        )
    titles = [METRICS[metric] for metric in ON_ONE_SCALE]
    figure.update_yaxes(tickvals=list(range(len(titles))), ticktext=titles, autorange="reversed")
    figure.update_xaxes(tickformat=".0%")
    return styled(figure, height=440)


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
            hoverinfo="skip",
        )
    )
    cells = [(truth, called) for truth in range(2) for called in range(2)]
    figure.add_scatter(  # a heat map cannot be clicked, squares over it can
        x=[f"called {CLASS_NAMES[called]}" for _, called in cells],
        y=[f"is {CLASS_NAMES[truth]}" for truth, _ in cells],
        customdata=cells,
        mode="markers",
        marker={"symbol": "square", "size": 90, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        text=[f"{matrix[truth][called]:,} ({shares[truth][called]:.0%})" for truth, called in cells],
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, side="bottom")
    return styled(figure, height=280, title={"text": title, "font": {"size": 15}})


def roc_curves(curves: dict, points: dict[str, tuple[float, float]]) -> go.Figure:
    """ROC curves with pointwise bands and the operating points.

    Args:
        curves: `core.evaluation.Curve` by model name.
        points: (1 - specificity, sensitivity) at the operating point, by model name.
    """
    figure = _curves(curves, points, "1 - specificity %{x:.3f}, sensitivity %{y:.3f}")
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "dash": "dot", "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.update_xaxes(title="1 - specificity")
    figure.update_yaxes(title="sensitivity")
    return styled(figure, height=420, title=_title("ROC"), legend=BELOW, **SQUARE)


def precision_recall_curves(curves: dict, points: dict[str, tuple[float, float]]) -> go.Figure:
    """Precision-recall curves with pointwise bands and the operating points.

    Args:
        curves: `core.evaluation.Curve` by model name.
        points: (sensitivity, PPV) at the operating point, by model name.
    """
    figure = _curves(curves, points, "sensitivity %{x:.3f}, PPV %{y:.3f}")
    figure.update_xaxes(title="sensitivity (recall)")
    figure.update_yaxes(title="PPV (precision)")
    return styled(figure, height=420, title=_title("Precision and recall"), legend=BELOW, **SQUARE)


def _curves(curves: dict, points: dict[str, tuple[float, float]], hover: str) -> go.Figure:
    figure = go.Figure()
    for place, (name, curve) in enumerate(curves.items()):
        color = MODEL_COLORS[place % len(MODEL_COLORS)]
        figure.add_scatter(
            x=np.r_[curve.grid, curve.grid[::-1]],
            y=np.r_[curve.low, curve.high[::-1]],
            fill="toself",
            fillcolor=faded(color),
            line={"width": 0},
            name="95 % pointwise band, bootstrap over patients",
            legendgroup="band",
            showlegend=place == 0,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            mode="lines",
            line={"color": color, "width": 2},
            name=name,
            hovertemplate=hover + f"<extra>{name}</extra>",
        )
        figure.add_scatter(
            x=[points[name][0]],
            y=[points[name][1]],
            mode="markers",
            marker={
                "color": color,
                "size": 12,
                "symbol": "diamond",
                "line": {"color": "white", "width": 1.5},
            },
            showlegend=False,
            hovertemplate="operating point: " + hover + f"<extra>{name}</extra>",
        )
    return figure


def reliability_diagram(before: dict[str, list[dict]], after: dict[str, list[dict]]) -> go.Figure:
    """Frequency of pneumonia over what the models said, before and after temperature scaling.

    Args:
        before, after: bins of `core.evaluation.reliability` by model name.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "dash": "dot", "width": 1},
        name="as it should be",
        hoverinfo="skip",
    )
    for bins, dash, when in ((before, "dot", "before"), (after, "solid", "after")):
        for place, (name, rows) in enumerate(bins.items()):
            figure.add_scatter(
                x=[row["probability"] for row in rows],
                y=[row["positives"] / row["n"] for row in rows],
                mode="lines+markers",
                name=f"{name}, {when}",
                line={"color": MODEL_COLORS[place % len(MODEL_COLORS)], "dash": dash},
                marker={"size": [5 + 14 * (row["n"] / max(r["n"] for r in rows)) ** 0.5 for row in rows]},
                customdata=[[row["n"], row["positives"]] for row in rows],
                hovertemplate="%{x:.2f} said, %{customdata[1]} of %{customdata[0]} were<extra></extra>",
            )
    figure.update_xaxes(title="mean probability that the model gave")
    figure.update_yaxes(title="share with pneumonia")
    return styled(figure, height=440, title=_title("Reliability"), legend=BELOW, **SQUARE)


def probability_histogram(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float, title: str
) -> go.Figure:
    """How probabilities are spread in each class, with the threshold."""
    figure = go.Figure()
    for number, (name, color) in enumerate(CLASS_COLORS.items()):
        figure.add_histogram(
            x=probabilities[labels == number],
            xbins={"start": 0, "end": 1.0001, "size": 0.05},
            name=name,
            marker_color=color,
            opacity=0.7,
            hovertemplate="%{x}: %{y} films<extra>" + name + "</extra>",
        )
    figure.add_vline(threshold, line_color=MUTED, line_dash="dash")
    figure.update_xaxes(range=[0, 1], title="probability of pneumonia")
    corner = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 1, "xanchor": "right"}
    return styled(figure, height=260, barmode="overlay", title=_title(title), legend=corner)


def decision_curves(thresholds: np.ndarray, benefits: dict[str, np.ndarray]) -> go.Figure:
    """Net benefit over the threshold probability, against treating all and none.

    Args:
        thresholds: shape (k,).
        benefits: net benefit by name, shape (k,); "treat all" among them.
    """
    figure = go.Figure()
    for place, (name, values) in enumerate(benefits.items()):
        reference = name == "treat all"
        line = (
            {"color": MUTED, "dash": "dash"}
            if reference
            else {"color": MODEL_COLORS[place % len(MODEL_COLORS)]}
        )
        figure.add_scatter(
            x=thresholds,
            y=values,
            mode="lines",
            name=name,
            line=line,
            hovertemplate="at %{x:.2f}: %{y:.3f}<extra>" + name + "</extra>",
        )
    figure.add_hline(
        0,
        line_color=MUTED,
        line_width=1,
        annotation_text="treat none",
        annotation_position="top left",
        annotation_font_color=MUTED,
    )
    top = max(float(values.max()) for values in benefits.values())
    figure.update_yaxes(title="net benefit", range=[-0.1 * top, 1.1 * top])
    figure.update_xaxes(title="threshold probability")
    return styled(figure, height=380, legend=BELOW)


def group_rates(rows: list[dict], title: str) -> go.Figure:
    """Sensitivity and specificity by group, with intervals.

    Args:
        rows: of `core.evaluation.rates`.
    """
    figure = go.Figure()
    for rate, color, shift in (
        ("sensitivity", CLASS_COLORS["PNEUMONIA"], -0.15),
        ("specificity", CLASS_COLORS["NORMAL"], 0.15),
    ):
        shown = [(place, row) for place, row in enumerate(rows) if row[rate] is not None]
        figure.add_scatter(
            name=rate,
            x=[row[rate] for _, row in shown],
            y=[place + shift for place, _ in shown],
            mode="markers",
            marker={"color": color, "size": 9},
            error_x={
                "array": [row[f"{rate}_interval"][1] - row[rate] for _, row in shown],
                "arrayminus": [row[rate] - row[f"{rate}_interval"][0] for _, row in shown],
                "thickness": 1.5,
                "width": 3,
            },
            hovertemplate=rate + " %{x:.1%}<extra></extra>",
        )
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[f"{row['group']} ({row['images']:,})" for row in rows],
        autorange="reversed",
    )
    figure.update_xaxes(tickformat=".0%")
    return styled(figure, height=80 + 32 * len(rows), title=_title(title))


def masked_differences(table: pd.DataFrame) -> go.Figure:
    """How AUC changes when a part of the films is hidden, with intervals; left of 0 it falls.

    Args:
        table: model, hidden, difference, low, high.
    """
    figure = go.Figure()
    names = list(dict.fromkeys(table["model"]))
    for place, (mask, mine) in enumerate(table.groupby("hidden", sort=False)):
        figure.add_scatter(
            name=f"without {mask}",
            x=mine["difference"],
            y=[names.index(name) + 0.2 * (place - 0.5) for name in mine["model"]],
            mode="markers",
            marker={"size": 10, "color": MODEL_COLORS[2 + place]},
            error_x={
                "array": mine["high"] - mine["difference"],
                "arrayminus": mine["difference"] - mine["low"],
                "thickness": 1.5,
                "width": 3,
            },
            hovertemplate="%{x:+.3f}<extra>without " + str(mask) + "</extra>",
        )
    figure.add_vline(0, line_color=MUTED, line_width=1)
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, autorange="reversed")
    figure.update_xaxes(title="ROC AUC, hidden minus whole", tickformat="+.2f")
    return styled(figure, height=130 + 50 * len(names))


def film_map(table: pd.DataFrame, group: pd.Series, shares: np.ndarray) -> go.Figure:
    """Films as points that can be caught with a lasso.

    Args:
        table: x, y, path, label, probability; a row a film.
        group: what each film is coloured by, a few texts.
        shares: of the variance, one an axis.
    """
    figure = go.Figure()
    for place, name in enumerate(sorted(set(group))):
        mine = table[(group == name).to_numpy()]
        figure.add_scatter(
            x=mine["x"],
            y=mine["y"],
            mode="markers",
            name=name,
            customdata=mine[["path", "probability"]],
            marker={"color": MODEL_COLORS[place % len(MODEL_COLORS)], "size": 8, "opacity": 0.75},
            hovertemplate="%{customdata[0]}<br>pneumonia %{customdata[1]:.1%}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title=f"first component, {shares[0]:.0%} of the variance", zeroline=False)
    figure.update_yaxes(title=f"second component, {shares[1]:.0%}", zeroline=False)
    return styled(figure, height=480, dragmode="lasso")


def validation_losses(histories: dict[str, pd.DataFrame]) -> go.Figure:
    """Loss of the models over their epochs, training dotted, validation solid.

    Args:
        histories: epochs of a stage by model name.
    """
    figure = go.Figure()
    for place, (name, epochs) in enumerate(histories.items()):
        for column, dash, what in (("loss", "dot", "training"), ("val_loss", "solid", "validation")):
            figure.add_scatter(
                name=f"{name} {what}",
                x=epochs["epoch"],
                y=epochs[column],
                mode="lines+markers",
                line={"color": MODEL_COLORS[place % len(MODEL_COLORS)], "dash": dash},
                hovertemplate=f"{name}, epoch %{{x}}: %{{y:.3f}}<extra>{what}</extra>",
            )
    figure.update_xaxes(title="epoch", dtick=max(1, max(map(len, histories.values())) // 10))
    figure.update_yaxes(title="loss", rangemode="tozero")
    return styled(figure, height=360, legend=BELOW)


BELOW = {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0}


def _title(text: str) -> dict:
    return {"text": text, "font": {"size": 15}, "x": 0}
