"""The sharper heat map: computed only where somebody asks for it."""

import streamlit as st

from core.inference import AvailableModel, Reader, Reading, SharperMap
from pages.diagnosis.entries import SHARPER_MAPS, Entry
from pages.shared.kept_switch import is_on, kept_switch
from pages.shared.markdown import escaped
from pages.shared.texts import _, translated

SWITCH = "sharper"
MAX_MAPS = 20  # of a session


def sharper_map(entry: Entry, reading: Reading, model: AvailableModel) -> SharperMap | None:
    """The map of an image, if it is asked for and there is one."""
    if not is_on(SWITCH) or reading.withheld:
        return None
    return _sharpened(entry, reading, model).sharper_map


def choose_sharper(entry: Entry, reading: Reading, model: AvailableModel) -> None:
    """A switch where the model has such maps, and what to know of the one that is shown."""
    reader = Reader.of(model)
    if reading.withheld or reader.sharper_note:
        return
    shown = kept_switch(
        _("Sharper heat map"),
        SWITCH,
        _(
            "A second map, with 16 × 16 cells instead of 8 × 8: what in the lungs differs from normal images "
            "and speaks for pneumonia. It takes about as long as the result itself."
        ),
    )
    if shown:
        sharpened = _sharpened(entry, reading, model)
        sentence = sharpened.sharper_map.sentence() if sharpened.sharper_map else sharpened.sharper_note
        st.caption(escaped(translated(sentence)))


def _sharpened(entry: Entry, reading: Reading, model: AvailableModel) -> Reading:
    """The reading with its map, or why there is none; kept while the page runs again."""
    kept: dict[tuple, Reading] = st.session_state.setdefault(SHARPER_MAPS, {})
    key = (entry.upload.key, str(model.path), model.path.stat().st_mtime_ns)
    if key not in kept:
        kept[key] = Reader.of(model).sharpened(reading)
        for oldest in list(kept)[:-MAX_MAPS]:
            del kept[oldest]
    return kept[key]
