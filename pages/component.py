"""A component of our own: a script beside its Python file, drawing into one element that stays."""

from pathlib import Path

import streamlit as st


def component(file: str, css: str):
    """The component whose script has the name of `file` with `.js`, in an element of that name with dashes.

    Args:
        file: `__file__` of who calls.
        css: of the element, which takes part in the page's theme.

    Returns:
        What `st.components.v2.component` returns: to be called with `data` and `key`.
    """
    path = Path(file)
    return st.components.v2.component(
        path.stem,
        html=f'<div class="{path.stem.replace("_", "-")}"></div>',
        css=css,
        js=path.with_suffix(".js").read_text(),
        isolate_styles=False,
    )
