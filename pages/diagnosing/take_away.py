"""What a reader takes away: pictures, reports and tables."""

from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from core.diagnosis import AvailableModel, Reading, overlay_png, reading_report
from core.errors import UserError
from pages.diagnosing.session import Entry, full_reading
from pages.diagnosing.worklist import as_rows


def of_one(entry: Entry, reading: Reading, model: AvailableModel) -> None:
    """The film's report and overlay, made when they are asked for."""
    stem = Path(reading.film.name).stem
    with st.container(horizontal=True):
        st.download_button(
            "PDF report",
            lambda: reading_report([reading], model),
            f"{stem}.pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            key="pdf",
        )
        if reading.withheld:
            return
        st.download_button(
            "Heat map",
            lambda: overlay_png(reading),
            f"{stem}-heat.png",
            icon=":material/image:",
            on_click="ignore",
            key="png",
        )


def of_all(entries: list[Entry], model: AvailableModel) -> None:
    """All answers as a table, and a report of all films that could be read."""
    table = as_rows(entries, model).drop(columns=["arrived", "read"])
    with st.container(horizontal=True):
        csv = table.to_csv(index=False).encode()
        st.download_button("CSV of all", csv, "answers.csv", icon=":material/download:", on_click="ignore")
        st.download_button(
            "PDF of all",
            lambda: reading_report(_readable(entries, model), model),
            "reading.pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
        )


def _readable(entries: list[Entry], model: AvailableModel) -> Iterator[Reading]:
    """Full readings one after another: all films at once would not fit into memory."""
    for entry in entries:
        try:
            yield full_reading(entry, model)
        except UserError:
            continue
