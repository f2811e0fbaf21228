"""The head of every page: its title, what it is for in a line, and help."""

import streamlit as st


def header(title: str, purpose: str, help_text: str) -> None:
    """Draw the head of a page.

    Args:
        title: of the page, as in the navigation.
        purpose: one line that says what the page is for.
        help_text: how to work with it, behind the question mark.
    """
    st.title(title, help=help_text)
    st.caption(purpose)
