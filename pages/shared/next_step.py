"""The next step that an empty page offers."""

import streamlit as st

from pages.shared.texts import _


def offer_training(sentence: str) -> None:
    """Say why the page is empty, with a button that leads to training."""
    st.info(sentence, icon=":material/arrow_forward:")
    if st.button(_("Train a model"), type="primary", icon=":material/model_training:"):
        st.switch_page("pages/training/page.py")
