"""Films of the comparison as a grid; one of them in full, with the heat map of each model."""

import pandas as pd
import streamlit as st

from core.diagnosis import doubt, shared_predictor
from core.errors import UserError
from core.figures.diagnosis import overlay
from core.images import read
from core.study import Candidate
from pages.choosing import opened
from pages.seeing.film_grid import film_grid

MOST_SHOWN = 100


def gallery(table: pd.DataFrame, candidates: list[Candidate], order: str, key: str) -> None:
    """Show films and open the one that is clicked.

    Args:
        table: of Predictions; its first films are shown.
        candidates: models to explain a film with; the films are looked for in the first one's set.
        order: what stands first, in words.
    """
    if table.empty:
        st.success("None.", icon=":material/check_circle:")
        return
    dataset = opened(candidates[0].data)
    places = pd.Series(range(len(dataset.table)), dataset.table["sha256"]).groupby(level=0).first()
    known = table[table["sha256"].isin(places.index)].head(MOST_SHOWN)
    lost = len(table) - table["sha256"].isin(places.index).sum()
    st.caption(
        f"{len(table):,} films, {order}"
        + (f"; {lost:,} of them are no longer in {dataset.root}" if lost else "")
        + (f"; the first {MOST_SHOWN} are shown" if len(table) > MOST_SHOWN else "")
        + ". Under each: what it truly is, and the probability of pneumonia. Click one to see it in full."
    )
    captions = [
        f"{label.lower()} {probability:.0%}"
        for label, probability in zip(known["label"], known["probability"], strict=True)
    ]
    rows = places[known["sha256"]].to_numpy()
    clicked = film_grid(dataset, rows, captions, key)
    if clicked is not None:
        _enlarged(dataset.root / dataset.table.at[int(clicked), "path"], candidates)


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
            predictor = shared_predictor(candidate.run.weights_path(candidate.stage))
        except (UserError, FileNotFoundError):
            column.caption(f"{candidate.name}: no heat map, its weights are gone or of another backbone.")
            continue
        look = predictor.look([film], heat=True)[0]
        picture = overlay(film.pixels, look.heat.over(film.pixels), 0.6)
        column.image(picture, f"{candidate.name}: {look.prediction.probability:.1%}", width="stretch")
        if sentence := doubt(look.heat, look.pixels):
            column.caption(sentence)
