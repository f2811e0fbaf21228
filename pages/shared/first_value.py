"""Values that a callback gives to widgets. A widget must then have no first value, or Streamlit warns."""

from typing import Any

import streamlit as st


def set_widgets(**values: Any) -> None:
    """Set widgets that ask `first_value`, on whichever page they are drawn; values are by key."""
    for key, value in values.items():
        st.session_state[key] = value
        st.session_state[_set(key)] = True


def first_value(key: str | None, value: Any) -> Any:
    """The first value of a widget; None in the run in which `set_widgets` has given it another."""
    was_set = st.session_state.pop(_set(key), False) and key in st.session_state
    return None if was_set else value


def _set(key: str | None) -> str:
    return f"set-{key}"
