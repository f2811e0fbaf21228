"""Buttons that ask about one of several things, such as an image: clicks are about the one that is shown.

Until a page has been drawn to its end, the browser keeps the buttons of the thing before. Keys press them, as
well as the buttons of the thing that is shown by then.
"""

from collections.abc import Callable
from functools import wraps

import streamlit as st


def ask_about(section: str, thing: str) -> None:
    """Note which thing a section of the page asks about, before it is drawn; "" for none."""
    if thing:
        st.session_state[_key(section)] = thing
    else:
        st.session_state.pop(_key(section), None)


def while_asked(section: str, thing: str, action: Callable[..., object]) -> Callable[..., None]:
    """The action of a button that asks about a thing; it does nothing once the section asks about another."""

    @wraps(action)
    def answer(*arguments: object) -> None:
        if st.session_state.get(_key(section)) == thing:
            action(*arguments)

    return answer


def _key(section: str) -> str:
    return f"asks-about-{section}"
