"""Tables that are read, not worked with: their texts wrap, so that nothing is cut off on a phone."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.markdown import escaped
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, ngettext

MISSING = "–"
MAX_ROWS = 20
LINE = """<svg xmlns="http://www.w3.org/2000/svg" width="80" height="28">
<polyline points="{points}" fill="none" stroke="#2b8cbe" stroke-width="2" stroke-linejoin="round"/></svg>"""
LINE_WIDTH, LINE_HEIGHT, LINE_MARGIN = 80, 28, 2  # pixels


@dataclass(frozen=True)
class Picture:
    """A small picture in a cell.

    Attributes:
        url: a data URL.
        text: the same in words, for who does not see it.
    """

    url: str
    text: str = ""


def line_of(values: Sequence[float], low: float, high: float) -> Picture | None:
    """Values as a line, from a lowest to a highest one; None without any."""
    if not len(values):
        return None
    across = (LINE_WIDTH - 2 * LINE_MARGIN) / max(1, len(values) - 1)
    down = (LINE_HEIGHT - 2 * LINE_MARGIN) / ((high - low) or 1)
    heights = [LINE_MARGIN + (high - value) * down for value in values]
    if len(heights) == 1:
        heights *= 2  # a level line
        across = LINE_WIDTH - 2 * LINE_MARGIN
    points = " ".join(f"{LINE_MARGIN + n * across:.1f},{height:.1f}" for n, height in enumerate(heights))
    encoded = base64.b64encode(LINE.format(points=points).encode()).decode()
    words = _("from {first} to {last}").format(first=f"{values[0]:.3g}", last=f"{values[-1]:.3g}")
    return Picture(f"data:image/svg+xml;base64,{encoded}", words)


def show_table(table: pd.DataFrame, index: bool = False, digits: int = 3, rows: int = MAX_ROWS) -> None:
    """Draw a table.

    Args:
        table: texts, numbers, times and pictures; sentences of `core` are translated.
        index: whether the index is the first column, which stays in place where a table scrolls sideways.
        digits: of fractions.
        rows: so many are shown; the others in a part that is closed at first.
    """
    texts = table.map(lambda value: _text(value, digits)).rename(columns=_title)
    if index:
        texts = texts.rename(index=_title)
    _draw(texts[:rows], index)
    others = texts[rows:]
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
    if isinstance(value, Picture):
        return f"![{escaped(value.text)}]({value.url})"
    if pd.isna(value):
        return MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H\\:%M}"
    return f"{value:.{digits}f}" if isinstance(value, float) else f"{value:,}"
