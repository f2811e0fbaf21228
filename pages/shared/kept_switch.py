"""Switches that stay as they are while other pages are open: Streamlit forgets a widget with its page."""

import streamlit as st


def kept_switch(label: str, name: str, help_text: str) -> bool:
    """Draw a switch; returns whether it is on.

    Args:
        label: of the switch.
        name: by which `is_on` finds it.
        help_text: of the switch.
    """
    on = st.toggle(label, st.session_state.get(_kept(name), False), key=name, help=help_text)
    st.session_state[_kept(name)] = on
    return on


def is_on(name: str) -> bool:
    """Whether a switch is on, wherever on the page it is drawn."""
    return bool(st.session_state.get(name, st.session_state.get(_kept(name))))


def _kept(name: str) -> str:
    return f"kept-{name}"
