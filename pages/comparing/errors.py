"""The films that models get wrong, or on which they disagree; one of them in full, with heat maps."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.diagnosis import shared_predictor
from core.errors import UserError
from core.figures.diagnosis import overlay
from core.images import read
from pages.choosing import opened
from pages.comparing.selection import Candidate, Selection
from pages.seeing.film_grid import film_grid

MOST_SHOWN = 100
ALL_WRONG, DISAGREE = "wrong by all", "models disagree"


def errors(selection: Selection) -> None:
    """Choose which, see them, click one."""
    kinds = [model.name for model in selection.models]
    if len(kinds) > 1:
        kinds += [ALL_WRONG, DISAGREE]
    kind = st.segmented_control("Wrong in", kinds, default=kinds[0], required=True, key="errors")
    table = _chosen(selection, kind)
    if table.empty:
        st.success("None.", icon=":material/check_circle:")
        return
    candidate = next((item for item in selection.candidates if item.name == kind), selection.candidates[0])
    dataset = opened(candidate.run.settings().data)
    places = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    known = table[table["sha256"].isin(places.index)].head(MOST_SHOWN)
    lost = len(table) - table["sha256"].isin(places.index).sum()
    st.caption(
        f"{len(table):,} films, the surest first"
        + (f"; {lost:,} of them are no longer in {dataset.root}" if lost else "")
        + ". Under each: what it truly is, and the probability of pneumonia. Click one to see it in full."
    )
    captions = [
        f"{label.lower()} {probability:.0%}"
        for label, probability in zip(known["label"], known["probability"], strict=True)
    ]
    rows = places[known["sha256"]].to_numpy()
    clicked = film_grid(dataset, rows, captions, f"errors-{kind}")
    if clicked is not None:
        _enlarged(dataset.root / dataset.table.at[int(clicked), "path"], selection.candidates)


def _chosen(selection: Selection, kind: str) -> pd.DataFrame:
    if kind == ALL_WRONG:
        return evaluation.missed_by_all(selection.models, selection.thresholds)
    if kind == DISAGREE:
        return evaluation.disagreements(selection.models, selection.thresholds)
    model = next(model for model in selection.models if model.name == kind)
    return evaluation.mistakes(model, selection.thresholds[kind])


@st.dialog("Film", width="large")
def _enlarged(path, candidates: list[Candidate]) -> None:
    """The film, and where each model looked."""
    try:
        film = read(path)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.caption(f"{path.parent.parent.name}/{path.parent.name}/{path.name}")
    columns = st.columns(len(candidates) + 1)
    columns[0].image(film.pixels, "The film", width="stretch")
    for column, candidate in zip(columns[1:], candidates, strict=True):
        try:
            answer, heat = shared_predictor(candidate.run.weights_path(candidate.stage)).explain(film)
        except (UserError, FileNotFoundError):
            column.caption(f"{candidate.name}: its weights are gone, so there is no heat map.")
            continue
        picture = overlay(film.pixels, heat.over(film.pixels), 0.6)
        column.image(picture, f"{candidate.name}: {answer.probability:.1%}", width="stretch")
        if heat.doubt:
            column.caption(heat.doubt)
