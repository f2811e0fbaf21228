"""Confusion matrices; clicking a cell shows its images."""

import numpy as np
import streamlit as st

from core.comparison import ModelComparison
from core.config import CLASS_NAMES
from core.evaluation import Predictions
from core.figures.confusion_matrix import CELLS, confusion_matrix
from pages.comparison.charts import draw
from pages.comparison.gallery import show_gallery


def show_confusion_matrices(comparison: ModelComparison, metrics: dict[str, dict]) -> None:
    """The models' matrices side by side, and the images of the cell that was clicked.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate`, by model name.
    """
    st.subheader("Confusion matrices")
    st.caption("Click a cell to see its images.")
    clicked = None
    for column, model in zip(st.columns(len(comparison.models)), comparison.models, strict=True):
        figure = confusion_matrix(metrics[model.name]["confusion_matrix"], model.name)
        drawn = draw(figure, f"matrix-{model.name}", column, on_select="rerun", selection_mode="points")
        if points := drawn.selection["points"]:
            clicked = model, *map(int, points[0]["customdata"])
    if clicked:
        _show_cell(comparison, *clicked)


def _show_cell(comparison: ModelComparison, model: Predictions, true: int, predicted: int) -> None:
    """The images of one cell, most confident predictions first."""
    predictions = (model.probabilities >= comparison.thresholds[model.name]).astype(int)
    images = model.where((model.labels == true) & (predictions == predicted)).table
    order = images["probability"].sort_values(ascending=not predicted).index
    labels = f"true label {CLASS_NAMES[true]}, predicted label {CLASS_NAMES[predicted]}"
    st.markdown(f"**{model.name}**, {CELLS[true][predicted]}: {labels}")
    show_gallery(
        images.loc[np.asarray(order)], comparison.stages, "most confident first", f"cell-{model.name}"
    )
