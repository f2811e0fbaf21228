"""The next step that an empty page offers."""

import streamlit as st


def offer_training(sentence: str) -> None:
    """Say why the page is empty, with a button that leads to training."""
    st.info(sentence, icon=":material/arrow_forward:")
    if st.button("Train a model", type="primary", icon=":material/model_training:"):
        st.switch_page("pages/training/page.py")
