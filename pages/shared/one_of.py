"""One of a few choices, by the titles that people read; the value keeps its own name."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.shared.first_value import first_value


def one_of(label: str, titles: Mapping[str, str], *, default: str, **options: Any) -> str:
    """Show the choices in a row; returns the chosen one.

    Args:
        label: of the row.
        titles: of each choice.
        default: the one that is chosen at first.
        options: keyword arguments of `streamlit.segmented_control`.
    """
    chosen = st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        default=first_value(options.get("key"), default),
        required=True,
        **options,
    )
    return chosen if chosen in titles else default  # the browser may send none, though one is required
