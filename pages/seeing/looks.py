"""How films look, computed once for all sections that go by it."""

import pandas as pd
import streamlit as st

from core.dataset import Dataset, film_looks


@st.cache_resource(show_spinner=False, max_entries=10)  # nobody changes it, so it need not be copied
def looks_of(fingerprint: str, _dataset: Dataset) -> pd.DataFrame:
    """What `film_looks` gives for the set of that fingerprint."""
    return film_looks(_dataset)
