"""Whether probabilities mean what they say."""

import streamlit as st

from core import evaluation
from core.figures import comparison as figures
from core.study import Study
from pages.comparing.pictures import draw


def calibration(study: Study) -> None:
    """Whether probabilities mean what they say, before and after temperature scaling."""
    table = evaluation.calibration_table(study.models, study.validation)
    before, after = study.reliability(table["temperature"])
    left, right = st.columns([3, 2], gap="large")
    draw(figures.reliability_diagram(before, after), "reliability", left)
    right.dataframe(table.style.format(precision=3))
    right.caption(
        "Temperature scaling divides the log-odds by one number, fitted on validation. Above 1 it makes "
        "answers less sure; it changes neither their order nor the ROC curve."
    )
    csv = table.to_csv().encode()
    right.download_button("CSV", csv, f"calibration-{study.split}.csv", icon=":material/download:")
