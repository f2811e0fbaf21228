"""Curves of models beside ROC: precision-recall, probabilities by class, decision curve."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import evaluation
from core.comparison import DECISION_THRESHOLDS, curve_points
from core.evaluation import METRICS, Predictions
from core.figures.calibration import probability_histogram
from core.figures.curves import decision_curves, precision_recall_curves
from pages.shared.charts import banded, draw
from pages.shared.tables import show_table
from pages.shared.texts import _


def show_precision_recall(
    models: Sequence[Predictions], metrics: dict[str, dict], column: DeltaGenerator
) -> None:
    """Precision-recall curves with operating points.

    Args:
        models: on images of both classes.
        metrics: of `core.evaluation.evaluate`, by model name.
        column: where it is drawn.
    """
    curves = {model.name: banded(model, "precision_recall") for model in models}
    draw(precision_recall_curves(curves, curve_points(metrics)[1]), "precision-recall", column)


def show_specificities(models: Sequence[Predictions]) -> None:
    """Specificity at fixed sensitivities, read from the curves."""
    st.subheader(_("Specificity at fixed sensitivities"))
    rows = {
        model.name: {
            _("at sensitivity {minimum:.2f}").format(minimum=minimum): specificity
            for minimum, specificity in evaluation.specificities(model.labels, model.probabilities).items()
        }
        for model in models
    }
    show_table(pd.DataFrame(rows).map(METRICS["specificity"].text), index=True)


def show_distributions(models: Sequence[Predictions], thresholds: dict[str, float]) -> None:
    """Probabilities by class, then the decision curve.

    Args:
        models: on images of both classes.
        thresholds: by model name.
    """
    st.subheader(_("Probabilities by class"))
    for column, model in zip(st.columns(len(models)), models, strict=True):
        figure = probability_histogram(model.labels, model.probabilities, thresholds[model.name], model.name)
        draw(figure, f"histogram-{model.name}", column)
    st.subheader(_("Decision curve"))
    benefits = evaluation.net_benefits(models, DECISION_THRESHOLDS)
    draw(decision_curves(DECISION_THRESHOLDS, benefits), "decision")
