"""The curves section: ROC, precision-recall, distribution of probabilities, decision curve."""

import numpy as np
import streamlit as st

from core import evaluation
from core.comparison import ModelComparison, curve_points
from core.errors import UserError
from core.evaluation import Predictions
from core.figures.curves import roc_curves
from pages.shared.charts import banded, draw
from pages.shared.model_curves import show_distributions, show_precision_recall, show_specificities
from pages.shared.texts import _


def show_curves(comparison: ModelComparison) -> None:
    """Curves with operating points, and the distribution of the probabilities."""
    check_both_classes(comparison)
    metrics = {
        model.name: evaluation.evaluate(model.labels, model.probabilities, comparison.thresholds[model.name])
        for model in comparison.models
    }
    left, right = st.columns(2, gap="large")
    with left:
        show_roc(comparison, metrics)
    show_precision_recall(comparison.models, metrics, right)
    show_specificities(comparison.models)
    st.caption(
        _(
            "Read from the curves above, for description only. The decision thresholds in use are chosen "
            "on validation."
        )
    )
    show_distributions(comparison.models, comparison.thresholds)


def show_roc(comparison: ModelComparison, metrics: dict[str, dict]) -> None:
    """ROC curves with operating points.

    Args:
        comparison: the models.
        metrics: of `core.evaluation.evaluate`, by model name.

    Raises:
        UserError: a model was evaluated on images of one class only.
    """
    check_both_classes(comparison)
    points = curve_points(metrics)[0]
    draw(roc_curves({model.name: banded(model, "roc") for model in comparison.models}, points), "roc")


def check_both_classes(comparison: ModelComparison) -> None:
    """Refuse curves of images of one class.

    Raises:
        UserError: a model was evaluated on images of one class only.
    """
    for model in comparison.models:
        if not has_both_classes(model):
            raise UserError(
                _(
                    "{name} was evaluated on images of one class only, so there is no curve to draw. "
                    "Choose the other split, or a data set with both classes."
                ).format(name=model.name)
            )


def has_both_classes(model: Predictions) -> bool:
    """Whether the images that a model was evaluated on are of both classes."""
    return len(np.unique(model.labels)) == 2
