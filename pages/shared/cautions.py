"""Reasons to doubt a result or a figure: all in one box, so that what they concern stays in sight."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.markdown import escaped


def show_cautions(sentences: Sequence[str]) -> None:
    """Draw the sentences, each on a line of its own; nothing where there are none."""
    if not sentences:
        return
    lines = [escaped(sentence) for sentence in sentences]
    text = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    st.warning(text, icon=":material/warning:")
