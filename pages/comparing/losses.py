"""How the models were trained."""

import streamlit as st

from core.figures import comparison as figures
from pages.comparing.selection import PLAIN, Selection


def losses(selection: Selection) -> None:
    """The loss curves of the chosen models."""
    histories = {}
    for item in selection.candidates:
        epochs = item.run.epochs()
        if len(mine := epochs[epochs["stage"] == item.stage]):
            histories[item.name] = mine
    if histories:
        st.plotly_chart(figures.validation_losses(histories), config=PLAIN, key="losses")
    else:
        st.caption("These runs kept no history.")
