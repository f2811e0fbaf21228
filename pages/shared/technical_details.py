"""What only an engineer needs, such as a command: in a part of the page that is closed at first."""

import streamlit as st

from pages.shared.texts import _


def technical_details(sentence: str, command: str) -> None:
    """A sentence, and the command that it is about.

    Args:
        sentence: what the command does.
        command: to copy.
    """
    with st.expander(_("Technical details"), icon=":material/terminal:"):
        st.caption(sentence)
        st.code(command, language=None)
