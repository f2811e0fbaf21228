"""The subgroups section."""

import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from core.figures.metric_intervals import subgroup_rates
from pages.shared.charts import draw, offer_csv
from pages.shared.texts import _


def show_subgroups(comparison: ModelComparison) -> None:
    """Sensitivity and specificity of each model in subgroups of the images."""
    st.caption(_("With the number of images in each subgroup, and Wilson's 95% intervals."))
    rates = {
        model.name: evaluation.subgroup_rates(model, comparison.thresholds[model.name])
        for model in comparison.models
    }
    for name, figure in subgroup_rates(rates).items():
        draw(figure, f"groups-{name}")
    offer_csv(
        evaluation.subgroup_table(comparison.models, comparison.thresholds), f"groups-{comparison.split}"
    )
