"""The data sets that are open in any session."""

import streamlit as st

from core.dataset import Dataset


@st.cache_resource(show_spinner=False)
def opened_datasets() -> dict[str, Dataset]:
    """Open data sets by folder, shared by all sessions."""
    return {}
