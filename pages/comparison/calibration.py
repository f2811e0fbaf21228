"""The calibration section."""

import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from core.figures.calibration import reliability_diagram
from pages.comparison.charts import draw, offer_csv


def show_calibration(comparison: ModelComparison) -> None:
    """Reliability before and after temperature scaling."""
    table = evaluation.calibration_table(comparison.models, comparison.validation)
    before, after = comparison.reliability(table["temperature"])
    left, right = st.columns([3, 2], gap="large")
    draw(reliability_diagram(before, after), "reliability", left)
    right.caption(
        "Temperature scaling divides the log-odds by one number, fitted on validation. A temperature above 1 "
        "makes probabilities less extreme; their order and the ROC curve stay the same."
    )
    st.dataframe(table.style.format(precision=3))
    offer_csv(table, f"calibration-{comparison.split}", index=True)
