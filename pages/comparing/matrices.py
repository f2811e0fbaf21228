"""Confusion matrices, each cell of which opens its films."""

import numpy as np
import streamlit as st

from core.config import CLASS_NAMES
from core.evaluation import Predictions
from core.figures import comparison as figures
from core.study import Study
from pages.comparing.gallery import gallery
from pages.comparing.pictures import draw


def matrices(study: Study, found: dict[str, dict]) -> None:
    """Draw them side by side, and the films of a cell that was clicked.

    Args:
        found: metrics by model name.
    """
    st.subheader("Confusion matrices")
    st.caption("Click a cell to see its films.")
    chosen = None
    for column, model in zip(st.columns(len(study.models)), study.models, strict=True):
        figure = figures.confusion(found[model.name]["confusion_matrix"], model.name)
        drawn = draw(figure, f"matrix-{model.name}", column, on_select="rerun", selection_mode="points")
        if points := drawn.selection["points"]:
            chosen = model, *map(int, points[0]["customdata"])
    if chosen:
        _cell(study, *chosen)


def _cell(study: Study, model: Predictions, truth: int, called: int) -> None:
    """The films of one cell."""
    answers = (model.probabilities >= study.thresholds[model.name]).astype(int)
    chosen = model.where((model.labels == truth) & (answers == called)).table
    surest = chosen["probability"].sort_values(ascending=not called).index
    st.markdown(f"**{model.name}**: is {CLASS_NAMES[truth]}, called {CLASS_NAMES[called]}")
    gallery(chosen.loc[np.asarray(surest)], study.candidates, "the surest first", f"cell-{model.name}")
