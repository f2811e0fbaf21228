"""Tables that are read, not worked with: their texts wrap, so that nothing is cut off on a phone."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.markdown import escaped
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, ngettext

MISSING = "–"
MAX_ROWS = 20  # before the others are shown in a part that is closed at first


def show_table(table: pd.DataFrame, index: bool = False, digits: int = 3) -> None:
    """Draw a table.

    Args:
        table: texts, numbers and times; sentences of `core` are translated.
        index: whether the index is the first column, which stays in place where a table scrolls sideways.
        digits: of fractions.
    """
    texts = table.map(lambda value: _text(value, digits)).rename(columns=_title)
    if index:
        texts = texts.rename(index=_title)
    _draw(texts[:MAX_ROWS], index)
    others = texts[MAX_ROWS:]
    if len(others):
        with st.expander(ngettext("{count:,} more", "{count:,} more", len(others)).format(count=len(others))):
            _draw(others, index)


def _draw(texts: pd.DataFrame, index: bool) -> None:
    st.table(texts, border="horizontal", width="content", hide_index=not index)


def _title(text: str) -> str:
    return escaped(recognized(text))


def _text(value: Any, digits: int) -> str:
    """A cell.

    >>> _text(0.12345, 3), _text(12345, 3), _text(None, 3), _text(True, 3)
    ('0.123', '12,345', '–', 'yes')
    """
    if isinstance(value, str):
        return _title(value)
    if pd.isna(value):
        return MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H\\:%M}"
    return f"{value:.{digits}f}" if isinstance(value, float) else f"{value:,}"
