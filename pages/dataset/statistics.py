"""Image statistics, computed once for all sections that use them."""

import pandas as pd
import streamlit as st

from core.dataset import Dataset, image_statistics


@st.cache_resource(show_spinner=False, max_entries=10)  # never modified, so it need not be copied
def statistics_of(fingerprint: str, _dataset: Dataset) -> pd.DataFrame:
    """`image_statistics` of the data set with that fingerprint."""
    return image_statistics(_dataset)
