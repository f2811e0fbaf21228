"""Whether probabilities mean what they say."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.figures import comparison as figures
from core.study import Study
from pages.comparing.pictures import draw


def calibration(study: Study) -> None:
    """Whether probabilities mean what they say, before and after temperature scaling."""
    before, after, rows = {}, {}, {}
    for model in study.models:
        fitted = study.validation[model.name]
        temperature = evaluation.fit_temperature(fitted.labels, fitted.probabilities)
        scaled = evaluation.calibrated(model.probabilities, temperature)
        before[model.name] = evaluation.reliability(model.labels, model.probabilities)
        after[model.name] = evaluation.reliability(model.labels, scaled)
        was, now = (evaluation.evaluate(model.labels, values) for values in (model.probabilities, scaled))
        rows[model.name] = {
            "temperature": temperature,
            "calibration error before": was["ece"],
            "after": now["ece"],
            "log loss before": was["loss"],
            "log loss after": now["loss"],
        }
    left, right = st.columns([3, 2], gap="large")
    draw(figures.reliability_diagram(before, after), "reliability", left)
    right.dataframe(pd.DataFrame(rows).T.style.format(precision=3))
    right.caption(
        "Temperature scaling divides the log-odds by one number, fitted on validation. Above 1 it makes "
        "answers less sure; it changes neither their order nor the ROC curve."
    )
