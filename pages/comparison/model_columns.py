"""A column for each model: key metrics, confusion matrix, ROC; pressing a cell shows its images."""

import numpy as np
import streamlit as st

from core.comparison import ModelComparison
from core.config import CLASS_NAMES
from core.evaluation import Predictions
from core.figures.confusion_matrix import CELLS
from pages.comparison.curves import has_both_classes
from pages.comparison.gallery import show_gallery
from pages.shared.charts import banded
from pages.shared.key_figures import key_figures
from pages.shared.texts import _

ROC = _(
    "ROC: the curve with its 95% pointwise band (bootstrap over patients), a diamond at the operating point, "
    "the other models' curves in grey; larger and together under *Curves*."
)


def show_models(comparison: ModelComparison, metrics: dict[str, dict]) -> None:
    """The models side by side, and the images of the cell that is pressed.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate_with_intervals`, by model name.
    """
    complete = all(map(has_both_classes, comparison.models))
    rocs = {model.name: banded(model, "roc") for model in comparison.models} if complete else None
    cell = key_figures(metrics, "model-columns", matrices=True, rocs=rocs)
    if cell is None:
        st.caption(_("Click a cell of a confusion matrix to see its images."))
        if rocs:
            st.caption(ROC)
        return
    name, true, predicted = cell
    model = next(model for model in comparison.models if model.name == name)
    _show_cell(comparison, model, true, predicted)


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
