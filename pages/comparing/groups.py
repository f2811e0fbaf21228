"""Where the models do better or worse."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.figures import comparison as figures
from pages.comparing.selection import PLAIN, Selection


def groups(selection: Selection) -> None:
    """Rates in groups of images."""
    for model in selection.models:
        rows = evaluation.rates(model, selection.thresholds[model.name])
        st.plotly_chart(figures.group_rates(rows, model.name), config=PLAIN, key=f"groups-{model.name}")
        st.download_button(
            "CSV",
            pd.DataFrame(rows).to_csv(index=False).encode(),
            f"groups-{model.name}-{selection.split}.csv",
            icon=":material/download:",
            key=f"groups-csv-{model.name}",
        )
