"""Figures and tables that can be downloaded, and what is cached of predictions."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import evaluation
from core.config import ENGLISH, environment
from core.evaluation import Curve, Predictions
from pages.shared.one_of import one_of
from pages.shared.texts import _, translated

BY_CONTENT: dict[str | type[Any], Callable[[Any], Any]] = {Predictions: lambda model: model.table.to_csv()}
FORMATS = {"PNG": {"format": "png", "scale": 3}, "SVG": {"format": "svg"}}
DEFAULT_FORMAT = "PNG"


def choose_format() -> None:
    """The file format of all figures of the page, wherever on it this stands."""
    st.session_state["kept-format"] = one_of(  # also while no figure, and so not this, is drawn
        _("Save figures as"),
        {name: name for name in FORMATS},
        default=st.session_state.get("kept-format", DEFAULT_FORMAT),
        key="format",
        help=_("File format of the camera button on each figure."),
    )


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=BY_CONTENT)
def banded(model: Predictions, kind: str) -> Curve:
    """A curve with its band, cached across reruns; `kind` is `roc` or `precision_recall`."""
    return getattr(evaluation, kind)(model)


def in_language(figure: go.Figure) -> go.Figure:
    """A figure of `core` with its texts in the language of the server."""
    return figure if environment.LANGUAGE.value() == ENGLISH else go.Figure(_translated(figure.to_dict()))


def _translated(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _translated(value) for name, value in part.items()}
    if isinstance(part, np.ndarray) and part.dtype == object:
        part = part.tolist()
    if isinstance(part, list | tuple):
        return [_translated(value) for value in part]
    return translated(part) if isinstance(part, str) else part


def draw(figure: go.Figure, key: str, container: DeltaGenerator | None = None, **options: Any) -> Any:
    """Draw a figure, on the page or in a container; returns what was selected in it.

    Args:
        figure: to draw.
        key: of the element; also the name of the saved file.
        container: such as a column; None for the page.
        options: of `st.plotly_chart`.
    """
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {**FORMATS[st.session_state.get("format", DEFAULT_FORMAT)], "filename": key},
    }
    return (container or st).plotly_chart(in_language(figure), config=config, key=key, **options)


def offer_json(values: dict, name: str) -> None:
    """A button that downloads plain values; the page is not drawn again for it.

    Args:
        values: to download.
        name: of the file, without suffix.
    """
    st.download_button(
        "JSON",
        json.dumps(values, indent=2),
        f"{name}.json",
        icon=":material/download:",
        on_click="ignore",
    )


def offer_csv(table: pd.DataFrame, name: str, index: bool = False) -> None:
    """A button that downloads a table.

    Args:
        table: to download.
        name: of the file, without suffix.
        index: whether the index is the first column.
    """
    st.download_button(
        "CSV",
        table.to_csv(index=index).encode(),
        f"{name}.csv",
        icon=":material/download:",
        key=f"csv-{name}",
    )
