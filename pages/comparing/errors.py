"""The films that models get wrong, or on which they disagree."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.study import Study
from pages.comparing.gallery import gallery

ALL_WRONG, DISAGREE = "wrong by all", "models disagree"


def errors(study: Study) -> None:
    """Choose which, see them, click one."""
    kinds = [model.name for model in study.models]
    if len(kinds) > 1:
        kinds += [ALL_WRONG, DISAGREE]
    kind = st.segmented_control("Wrong in", kinds, default=kinds[0], required=True, key="errors")
    order = "the widest apart first" if kind == DISAGREE else "the surest first"
    gallery(_chosen(study, kind), study.candidates, order, f"errors-{kind}")


def _chosen(study: Study, kind: str) -> pd.DataFrame:
    if kind == ALL_WRONG:
        return evaluation.missed_by_all(study.models, study.thresholds)
    if kind == DISAGREE:
        return evaluation.disagreements(study.models, study.thresholds)
    model = next(model for model in study.models if model.name == kind)
    return evaluation.mistakes(model, study.thresholds[kind])
