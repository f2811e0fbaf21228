"""The curves section: ROC, precision-recall, distribution of probabilities, decision curve."""

import numpy as np
import pandas as pd
import streamlit as st

from core import evaluation
from core.comparison import DECISION_THRESHOLDS, ModelComparison, curve_points
from core.errors import UserError
from core.evaluation import METRICS, Predictions
from core.figures.calibration import probability_histogram
from core.figures.curves import decision_curves, precision_recall_curves, roc_curves
from pages.shared.charts import banded, draw
from pages.shared.tables import show_table
from pages.shared.texts import _

SENSITIVITIES = (0.90, 0.95, 0.98)


def show_curves(comparison: ModelComparison) -> None:
    """Curves with operating points, and the distribution of the probabilities."""
    check_both_classes(comparison)
    metrics = {
        model.name: evaluation.evaluate(model.labels, model.probabilities, comparison.thresholds[model.name])
        for model in comparison.models
    }
    pr_points = curve_points(metrics)[1]
    left, right = st.columns(2, gap="large")
    with left:
        show_roc(comparison, metrics)
    pr_curves = {model.name: banded(model, "precision_recall") for model in comparison.models}
    draw(precision_recall_curves(pr_curves, pr_points), "precision-recall", right)
    show_specificities(comparison)
    st.subheader(_("Probabilities by class"))
    for column, model in zip(st.columns(len(comparison.models)), comparison.models, strict=True):
        figure = probability_histogram(
            model.labels, model.probabilities, comparison.thresholds[model.name], model.name
        )
        draw(figure, f"histogram-{model.name}", column)
    st.subheader(_("Decision curve"))
    draw(decision_curves(DECISION_THRESHOLDS, comparison.net_benefits(DECISION_THRESHOLDS)), "decision")


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


def show_specificities(comparison: ModelComparison) -> None:
    """Specificity at fixed sensitivities, read from the curves."""
    st.subheader(_("Specificity at fixed sensitivities"))
    rows = {
        model.name: {
            _("at sensitivity {minimum:.2f}").format(minimum=minimum): specificity_at(model, minimum)
            for minimum in SENSITIVITIES
        }
        for model in comparison.models
    }
    show_table(pd.DataFrame(rows).map(METRICS["specificity"].text), index=True)
    st.caption(
        _(
            "Read from the curves above, for description only. The decision thresholds in use are chosen "
            "on validation."
        )
    )


def specificity_at(model: Predictions, minimum: float) -> float:
    """Best specificity among the thresholds that reach a sensitivity on these images."""
    threshold = evaluation.at_least(model.labels, model.probabilities, "sensitivity", minimum).threshold
    return evaluation.evaluate(model.labels, model.probabilities, threshold)["specificity"]
