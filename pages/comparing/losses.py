"""How the models were trained."""

import streamlit as st

from core.figures import comparison as figures
from core.study import Study
from pages.comparing.pictures import draw


def losses(study: Study) -> None:
    """The loss curves of the chosen models."""
    histories = study.histories()
    if histories:
        draw(figures.validation_losses(histories), "losses")
    else:
        st.caption("These runs kept no history.")
