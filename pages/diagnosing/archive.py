"""What `python -m core read` found in an archive: filtered, sorted, a page at a time."""

import numpy as np
import pandas as pd
import streamlit as st

from core.diagnosis import KINDS, ORDERS, Archive, matching, open_archive, page_of, thumbnails, written_as_csv
from core.errors import UserError
from pages.diagnosing.words import plain
from pages.diagnosing.worklist import COLUMNS

PAGE = 25  # films
SIDE = 64  # pixels of a thumbnail


def archive_view() -> None:
    """Ask for a folder of answers and show them."""
    with st.expander("Answers for an archive", icon=":material/inventory_2:", key="archive-box"):
        folder = st.text_input(
            "Folder of answers",
            key="archive",
            placeholder="what was given as --out",
            help="Filled from a terminal by `python -m core read SOURCE --out FOLDER`, perhaps still.",
        ).strip()
        if not folder:
            return
        try:
            archive = open_archive(folder)
            _answers(archive)
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")


def _answers(archive: Archive) -> None:
    read = archive.films_read()
    st.caption(f"{read:,} of {archive.films():,} films have been read.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control("Show", list(KINDS), default="all", required=True, key="archive-kind")
        order = st.selectbox("Order", ORDERS, key="archive-order", width=220)
        text = st.text_input("Path", key="archive-text", placeholder="part of it", width=200).strip()
    places = _places(str(archive.path), read, kind, order, text)
    if not len(places):
        st.caption("No film is like that.")
        return
    pages = -(-len(places) // PAGE)
    number = st.pagination(pages, key=f"archive-page-{kind}-{order}-{text}") if pages > 1 else 1
    rows = page_of(archive, kind, text, places[(number - 1) * PAGE : number * PAGE])
    pictures = thumbnails(archive, [row["path"] for row in rows], SIDE)
    table = pd.DataFrame(
        {
            "Film": pictures,
            "File": [row["path"] for row in rows],
            "Finding": [_finding(row) for row in rows],
            "Probability": [row["calibrated"] for row in rows],
            "Remarks": [row["error"] or " ".join(row["warnings"] or ()) for row in rows],
            "Facts": [_facts(row) for row in rows],
        }
    )
    st.dataframe(table, hide_index=True, column_config=COLUMNS, row_height=56)
    st.caption(f"{len(places):,} films. Answered by {rows[0]['model']}.")
    st.download_button(
        "CSV of these",
        lambda: written_as_csv(archive, kind, text),
        "answers.csv",
        icon=":material/download:",
        on_click="ignore",
        key="archive-csv",
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _places(folder: str, _read: int, kind: str, order: str, text: str) -> np.ndarray:
    return matching(open_archive(folder), kind, order, text)


def _finding(row: dict) -> str:
    if row["error"]:
        return "Unreadable"
    if row["withheld"]:
        return f"No answer: {row['withheld']}"
    return {"PNEUMONIA": "Pneumonia", "NORMAL": "No pneumonia"}[row["label"]]


def _facts(row: dict) -> str:
    return " · ".join(row[name] for name in ("modality", "view", "age", "sex") if row[name])
