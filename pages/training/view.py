"""Which half of the Training page is shown: the form of a new run, or the runs."""

from typing import cast

import streamlit as st

from pages.shared.texts import _

VIEWS = NEW, RUNS = ("New run", "Runs")  # as the address of the page keeps them
TITLES = {NEW: _("New run"), RUNS: _("Runs")}


def choose_view(default: str) -> str:
    """Show the control; returns the chosen view, which the address of the page keeps."""
    key = _key()
    asked = st.query_params.get("view")
    # None as well: a browser that passed over the value sends none back, though one is required.
    st.session_state[key] = st.session_state.get(key) or (asked if asked in VIEWS else default)
    view = st.segmented_control(
        _("View"), VIEWS, format_func=TITLES.__getitem__, required=True, key=key, label_visibility="collapsed"
    )
    st.query_params["view"] = cast(str, view)  # required: never None
    return cast(str, view)


def change_view(view: str) -> None:
    """Show another view from the next run of the script on.

    The control gets a new key: a refresh of the sidebar may be under way with the old one's value, and would
    change the view back.
    """
    st.session_state["view_changes"] = st.session_state.get("view_changes", 0) + 1
    st.session_state[_key()] = view


def _key() -> str:
    changes = st.session_state.get("view_changes", 0)
    return f"view-{changes}" if changes else "view"
