"""The training section."""

import streamlit as st

from core.comparison import ModelComparison
from core.figures.training import loss_by_model
from pages.shared.charts import draw
from pages.shared.texts import _


def show_training(comparison: ModelComparison) -> None:
    """Loss curves of the compared models."""
    if histories := comparison.histories():
        draw(loss_by_model(histories), "losses")
    else:
        st.caption(_("These runs have no training history."))
