"""A column for each model: its key metrics and its confusion matrix; clicking a cell shows its images."""

import numpy as np
import streamlit as st

from core.comparison import ModelComparison
from core.config import CLASS_NAMES
from core.evaluation import Predictions
from core.figures.confusion_matrix import CELLS, confusion_matrix
from core.figures.metric_intervals import key_metrics
from pages.comparison.gallery import show_gallery
from pages.shared.charts import draw
from pages.shared.texts import _

COLUMNS = 3  # side by side; further models go below


def show_models(comparison: ModelComparison, metrics: dict[str, dict]) -> None:
    """The models side by side, and the images of the cell that was clicked.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
    """
    clicked = None
    for start in range(0, len(comparison.models), COLUMNS):
        models = comparison.models[start : start + COLUMNS]
        width = min(COLUMNS, max(2, len(comparison.models)))
        with st.container(key=f"model-columns-{start}"):  # as wide as a matrix needs, in look.css
            columns = st.columns(width)
        for column, model in zip(columns, models, strict=False):
            draw(key_metrics(model.name, metrics), f"key-{model.name}", column)
            figure = confusion_matrix(metrics[model.name]["confusion_matrix"])
            drawn = draw(figure, f"matrix-{model.name}", column, on_select="rerun", selection_mode="points")
            if points := drawn.selection["points"]:
                clicked = model, *map(int, points[0]["customdata"])
    if clicked:
        _show_cell(comparison, *clicked)
    else:
        st.caption(_("Click a cell of a confusion matrix to see its images."))


def _show_cell(comparison: ModelComparison, model: Predictions, true: int, predicted: int) -> None:
    """The images of one cell, most confident predictions first."""
    predictions = (model.probabilities >= comparison.thresholds[model.name]).astype(int)
    images = model.where((model.labels == true) & (predictions == predicted)).table
    order = images["probability"].sort_values(ascending=not predicted).index
    labels = _("true label {true}, predicted label {predicted}").format(
        true=CLASS_NAMES[true], predicted=CLASS_NAMES[predicted]
    )
    st.markdown(f"**{model.name}**, {CELLS[true][predicted]}: {labels}")
    show_gallery(
        images.loc[np.asarray(order)], comparison.stages, _("most confident first"), f"cell-{model.name}"
    )
