"""What the sections share: how pictures are downloaded, and how caches tell models apart."""

import streamlit as st

from core.evaluation import Predictions

BY_CONTENT = {Predictions: lambda model: model.table.to_csv()}
FORMATS = {"PNG": {"format": "png", "scale": 3}, "SVG": {"format": "svg"}}


def choose_format() -> None:
    """A choice for all pictures of the page."""
    st.segmented_control(
        "Pictures as",
        list(FORMATS),
        default="PNG",
        required=True,
        key="format",
        help="What the camera of each picture saves.",
    )


def draw(figure, key: str, place=st, **more):
    """A figure with the page's settings, at a place such as a column; returns what was selected in it."""
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {**FORMATS[st.session_state["format"]], "filename": key},
    }
    return place.plotly_chart(figure, config=config, key=key, **more)
