"""The films as a model's last hidden layer sees them; a lasso opens those that it catches."""

import numpy as np
import pandas as pd
import streamlit as st

from core.figures import comparison as figures
from core.study import Study, film_map
from pages.comparing.gallery import gallery
from pages.comparing.pictures import draw
from pages.comparing.reading import offer_second_look

COLOURS = ("class", "cause", "error", "models that are wrong")


def show_map(study: Study) -> None:
    """Choose a model and a colour, then catch films."""
    if not offer_second_look(study):
        st.caption("The map needs what the last hidden layer says of each film. Ask the models once.")
        return
    left, right = st.columns(2)
    names = [item.name for item in study.candidates]
    name = left.segmented_control("Model", names, default=names[0], required=True, key="map-model")
    colour = right.segmented_control("Colour", COLOURS, default="class", required=True, key="map-colour")
    place = names.index(name)
    found = film_map(study.candidates[place], study.models[place], study.split)
    if found is None:
        st.caption(f"{name} has not been asked again yet, or has fewer than three films here.")
        return
    table, shares = found
    figure = figures.film_map(table, _groups(study, table, colour, name), shares)
    drawn = draw(figure, f"map-{name}", on_select="rerun", selection_mode=("points", "lasso", "box"))
    caught = {point["customdata"][0] for point in drawn.selection["points"]}
    if caught:
        gallery(table[table["path"].isin(caught)], study.candidates, "as caught", f"caught-{name}")
    else:
        st.caption(
            "Draw a line around films, or click one, to see them. Films that lie together look alike to "
            "the model."
        )


def _groups(study: Study, table: pd.DataFrame, colour: str, name: str) -> pd.Series:
    """What each film is coloured by."""
    if colour in ("class", "cause"):
        return table["label" if colour == "class" else "cause"]
    wrong = {
        model.name: (model.probabilities >= study.thresholds[model.name]) != (model.labels == 1)
        for model in study.models
    }
    if colour == "error":
        kinds = np.where(table["label"] == "PNEUMONIA", "missed", "false alarm")
        return pd.Series(np.where(wrong[name], kinds, "right"), table.index)
    count = np.sum([part for part in wrong.values() if len(part) == len(table)], axis=0)
    return pd.Series([f"{number} of {len(wrong)}" for number in count], table.index)
