"""All films of a drop as a table: likely positives first, one click to each."""

import time

import pandas as pd
import streamlit as st

from core.diagnosis import LONGEST_WAIT_S, NO_ANSWER, AvailableModel, in_order
from pages.diagnosing.session import Entry

FILTERS = ("all", "pneumonia", "uncertain", "no answer", "not read")
ROWS_SHOWN = 8
COLUMNS = {
    "Film": st.column_config.ImageColumn("", width=60),
    "Probability": st.column_config.ProgressColumn(
        "Probability of pneumonia", format="percent", min_value=0, max_value=1
    ),
}


def as_rows(entries: list[Entry], model: AvailableModel) -> pd.DataFrame:
    """A row a film, in the order of their arrival."""
    rows = []
    for entry in entries:
        reading = entry.reading(model)
        answered = reading is not None and not reading.withheld
        note = entry.note
        rows.append(
            {
                "File": entry.file.name,
                "Finding": reading.finding if reading else "Unreadable",
                "Probability": reading.prediction.calibrated if answered else float("nan"),
                "Remarks": " ".join(reading.remarks()) if reading else entry.error,
                "Reader": note.agreement if note else "",
                "Own finding": note.own if note else "",
                "Changed": "yes" if note and note.changed else "",
                "arrived": entry.arrived,
                "read": note is not None,
            }
        )
    return pd.DataFrame(rows)


def finished(entries: list[Entry], model: AvailableModel) -> None:
    """The films that have an answer or an error so far, while the others are being read."""
    done = [entry for entry in entries if entry.error or entry.reading(model)]
    table = as_rows(done, model).assign(Film=[entry.thumbnail for entry in done])
    st.dataframe(table[["Film", "File", "Finding", "Probability"]], hide_index=True, column_config=COLUMNS)


def worklist(entries: list[Entry], model: AvailableModel) -> Entry | None:
    """Draw the table; the film that is chosen in it, None where the filter leaves none."""
    table = as_rows(entries, model)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    shown = row.segmented_control("Show", FILTERS, default="all", required=True, key="shown")
    wait = row.number_input(
        "No film waits longer than, minutes",
        1,
        24 * 60,
        LONGEST_WAIT_S // 60,
        width=240,
        key="wait",
        help="Likely pneumonia comes first. A film that has waited longer than this comes before all others.",
    )
    table = in_order(table, time.time(), wait * 60)
    table = table[_mask(table, shown)]
    if table.empty:
        st.caption("No film is like that.")
        return None
    waiting = {"Waiting": st.column_config.NumberColumn("Waiting, min", format="%.0f")}
    drawn = table.assign(
        Film=[entries[place].thumbnail for place in table.index],
        Waiting=((time.time() - table["arrived"]) / 60).where(~table["read"]),
    )
    chosen = st.dataframe(
        drawn[["Film", "File", "Finding", "Probability", "Remarks", "Waiting", "Reader"]],
        hide_index=True,
        column_config=COLUMNS | waiting,
        height=min(len(drawn), ROWS_SHOWN) * 56 + 40,
        row_height=56,
        on_select="rerun",
        selection_mode="single-row-required",
        key=f"worklist-{shown}-{len(drawn)}",
    )
    places = chosen.selection["rows"]
    return entries[table.index[places[0] if places and places[0] < len(table) else 0]]


def _mask(table: pd.DataFrame, shown: str) -> pd.Series:
    if shown == "all":
        return pd.Series(True, table.index)
    if shown == "not read":
        return ~table["read"]
    if shown == "no answer":
        return table["Finding"].isin([NO_ANSWER, "Unreadable"])
    return table["Finding"].str.lower() == shown
