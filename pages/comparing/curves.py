"""ROC, precision and recall, the spread of probabilities, the decision curve."""

import numpy as np
import pandas as pd
import streamlit as st

from core import evaluation
from core.errors import UserError
from core.evaluation import Predictions
from core.figures import comparison as figures
from core.study import Study
from pages.comparing.matrices import matrices
from pages.comparing.pictures import BY_CONTENT, draw


def curves(study: Study) -> None:
    """ROC and precision-recall curves with operating points, and the spread of probabilities."""
    two_classes(study)
    at = {
        model.name: evaluation.evaluate(model.labels, model.probabilities, study.thresholds[model.name])
        for model in study.models
    }
    left, right = st.columns(2, gap="large")
    draw(
        figures.roc_curves(
            {model.name: banded(model, "roc") for model in study.models},
            {name: (1 - values["specificity"], values["recall"]) for name, values in at.items()},
        ),
        "roc",
        left,
    )
    draw(
        figures.precision_recall_curves(
            {model.name: banded(model, "precision_recall") for model in study.models},
            {
                name: (values["recall"], 1.0 if values["precision"] is None else values["precision"])
                for name, values in at.items()
            },
        ),
        "precision-recall",
        right,
    )
    matrices(study, at)
    descriptive(study)
    st.subheader("Probabilities by class")
    for column, model in zip(st.columns(len(study.models)), study.models, strict=True):
        figure = figures.probability_histogram(
            model.labels, model.probabilities, study.thresholds[model.name], model.name
        )
        draw(figure, f"histogram-{model.name}", column)
    st.subheader("Decision curve")
    asked = np.linspace(0.01, 0.95, 95)
    draw(figures.decision_curves(asked, study.net_benefits(asked)), "decision")


def two_classes(study: Study) -> None:
    """Refuse curves that one class alone cannot draw."""
    for model in study.models:
        if len(np.unique(model.labels)) < 2:
            raise UserError(
                f"{model.name} was measured on images of one class only: there is no curve to draw. Choose "
                "the other split, or a data set with both classes."
            )


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=BY_CONTENT)
def banded(model: Predictions, kind: str) -> evaluation.Curve:
    """A curve with its band; resampled once, not in every rerun."""
    return getattr(evaluation, kind)(model)


def descriptive(study: Study) -> None:
    """Specificity at fixed sensitivities, read off the curve that is shown."""
    rows = {
        model.name: {
            f"specificity at sensitivity {least:.2f}": specificity_at(model, least)
            for least in (0.90, 0.95, 0.98)
        }
        for model in study.models
    }
    st.dataframe(pd.DataFrame(rows).map("{:.1%}".format))
    st.caption(
        "Read off these very curves: descriptive, not a promise. Thresholds for use are found on validation."
    )


def specificity_at(model: Predictions, least: float) -> float:
    """Best specificity among thresholds that keep the sensitivity on these images."""
    threshold = evaluation.at_least(model.labels, model.probabilities, "sensitivity", least).threshold
    return evaluation.evaluate(model.labels, model.probabilities, threshold)["specificity"]
