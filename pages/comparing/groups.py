"""Where the models do better or worse."""

import streamlit as st

from core import evaluation
from core.figures import comparison as figures
from core.study import Study
from pages.comparing.pictures import draw


def groups(study: Study) -> None:
    """Rates in groups of images."""
    for model in study.models:
        rows = evaluation.rates(model, study.thresholds[model.name])
        draw(figures.group_rates(rows, model.name), f"groups-{model.name}")
    table = evaluation.group_table(study.models, study.thresholds)
    st.download_button(
        "CSV", table.to_csv(index=False).encode(), f"groups-{study.split}.csv", icon=":material/download:"
    )
