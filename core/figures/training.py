"""Figures of the training page besides the curves of a run."""

from collections.abc import Collection

import pandas as pd
import plotly.graph_objects as go

from core.architecture import Backbone, Layer
from core.figures.confusion_matrix import confusion_matrix
from core.figures.style import LEGEND_BELOW, MODEL_COLORS, MUTED, STAGE_COLORS, styled
from core.figures.training_curves import loss_axis
from core.sentence import Sentence, joined

MAX_BARS = 40  # of layers; a network of more is drawn by block


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
    for trained, color, state in (
        (False, MUTED, Sentence("frozen")),
        (True, STAGE_COLORS[2], Sentence("trained")),
    ):
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
            customdata=[[bar, _layers(part, bars[bar]), _size(part)] for _, bar, part in chosen],
            hovertemplate=Sentence(
                "%{{customdata[0]}}: %{{customdata[1]}}, %{{customdata[2]}}, {state}<extra></extra>",
                state=state,
            ),
        )
    blocks: dict[str, list[int]] = {}
    for x, bar in enumerate(bars.values()):
        if bar[0] in backbone.body:
            blocks.setdefault(bar[0].block.removeprefix("block"), []).append(x)
    figure.update_xaxes(
        tickvals=[sum(positions) / len(positions) for positions in blocks.values()],
        ticktext=list(blocks),
        title=Sentence("block of {backbone}, then the head", backbone=backbone.title),
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(visible=False)
    return styled(figure, height=170, barmode="stack", bargap=0.12, showlegend=True)


def _height(backbone: Backbone, layers: list[Layer]) -> float:
    """Height of the bar of some layers; those of the head stand out."""
    return 1.6 if layers[0] in backbone.head else 1.0


def _size(layers: list[Layer]) -> str:
    return Sentence("{count:,} parameters", count=sum(layer.parameters for layer in layers))


def _layers(part: list[Layer], bar: list[Layer]) -> str:
    if len(bar) == 1:
        return Sentence("one layer")
    return Sentence("{count} of {total} layers", count=len(part), total=len(bar))


def validation_matrix(epochs: pd.DataFrame) -> go.Figure | None:
    """Confusion matrix on validation after the last epoch; None before there is one."""
    counts = epochs[["val_tn", "val_fp", "val_fn", "val_tp"]].dropna()
    if counts.empty:
        return None
    last = epochs.loc[counts.index[-1]]
    matrix = counts.iloc[-1].to_numpy(int).reshape(2, 2).tolist()
    figure = confusion_matrix(
        matrix,
        Sentence("Validation, stage {stage:.0f} epoch {epoch:.0f}", stage=last["stage"], epoch=last["epoch"]),
    )
    return figure.update_layout(height=360)


def loss_by_model(histories: dict[str, pd.DataFrame]) -> go.Figure:
    """Loss of several models over their epochs: training dotted, validation solid.

    Args:
        histories: epochs of one stage, by model name.
    """
    figure = go.Figure()
    for index, (name, epochs) in enumerate(histories.items()):
        for column, dash, split in (
            ("loss", "dot", Sentence("training")),
            ("val_loss", "solid", Sentence("validation")),
        ):
            figure.add_scatter(
                name=joined([name, split], ", "),
                x=epochs["epoch"],
                y=epochs[column],
                mode="lines+markers",
                line={"color": MODEL_COLORS[index % len(MODEL_COLORS)], "dash": dash},
                hovertemplate=Sentence(
                    "{name}, epoch %{{x}}: %{{y:.3f}}<extra>{split}</extra>", name=name, split=split
                ),
            )
    figure.update_xaxes(title=Sentence("epoch"), dtick=max(1, max(map(len, histories.values())) // 10))
    losses = pd.concat(histories.values())
    highest, best = max(losses["loss"].max(), losses["val_loss"].max()), losses["val_loss"].min()
    figure.update_yaxes(title=Sentence("loss"), **loss_axis(highest, best))
    return styled(figure, height=360, legend=LEGEND_BELOW)
