"""The way out of an empty page."""

import streamlit as st


def offer_training(sentence: str) -> None:
    """Say that there is no model yet, and lead to where one is trained."""
    st.info(sentence, icon=":material/arrow_forward:")
    if st.button("Train a model", type="primary", icon=":material/model_training:"):
        st.switch_page("pages/training.py")
