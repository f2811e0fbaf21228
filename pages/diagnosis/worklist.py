"""The worklist: all uploaded images as a table, the most likely pneumonia first."""

import time
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.inference import MAX_WAIT_S, NO_RESULT, AvailableModel, prioritized
from pages.diagnosis.entries import Entry
from pages.shared.neighbours import offer_neighbours
from pages.shared.table_images import ROW_HEIGHT

ALL, NOT_NOTED = "all", "not read by you"
FILTERS = (ALL, "pneumonia", "uncertain", "no pneumonia", "no result", NOT_NOTED)
MAX_ROWS = 4  # without scrolling, so that the chosen image stands in view below
UNREADABLE = "Unreadable"
NO_SPREAD = (float("nan"), float("nan"))  # of a model that is not an ensemble
COLUMNS = {
    "Image": st.column_config.ImageColumn("", width=60),
    "Probability": st.column_config.ProgressColumn(
        "Probability of pneumonia", format="%.1f%%", min_value=0, max_value=100
    ),
    "Remarks": st.column_config.TextColumn("Remarks", width="large"),
    "Reader": st.column_config.TextColumn("Your reading"),
    "Own finding": st.column_config.TextColumn("Your finding"),
    "Changed": st.column_config.TextColumn("Changed by result"),
}


def result_table(entries: list[Entry], model: AvailableModel) -> pd.DataFrame:
    """One row per image, in the given order."""
    rows = []
    for entry in entries:
        reading = entry.reading(model)
        has_result = reading is not None and not reading.withheld
        human = entry.human_reading
        location = reading.heat_location if reading and has_result else None
        lowest, highest = (reading.prediction.spread if reading and has_result else None) or NO_SPREAD
        rows.append(
            {
                "File": entry.upload.name,
                "Finding": reading.finding if reading else UNREADABLE,
                "Probability": reading.prediction.calibrated if reading and has_result else float("nan"),
                "Lowest member": lowest,
                "Highest member": highest,
                "Heat in lungs": location.inside if location else float("nan"),
                "Remarks": " ".join(reading.remarks()) if reading else entry.error,
                "Reader": human.agreement if human else "",
                "Own finding": human.own if human else "",
                "Changed": "yes" if human and human.changed else "",
                "Model": str(model.identity),
                "arrived": entry.arrived,
                "read": human is not None,
            }
        )
    return pd.DataFrame(rows)


def results_so_far(entries: list[Entry], model: AvailableModel) -> None:
    """The images that are done, while the others are being read."""
    done = [entry for entry in entries if entry.error or entry.reading(model)]
    table = result_table(done, model)
    table["Image"] = [entry.thumbnail for entry in done]
    show_results(table[["Image", "File", "Finding", "Probability"]])


def show_results(table: pd.DataFrame, **options: Any) -> Any:
    """Draw a table of results; returns what was selected in it.

    Args:
        table: with columns of `result_table`.
        options: of `st.dataframe`.
    """
    percent = table.assign(Probability=100 * table["Probability"].astype(float))
    columns = COLUMNS | options.pop("column_config", {})
    return st.dataframe(percent, hide_index=True, column_config=columns, placeholder="", **options)


def worklist(entries: list[Entry], model: AvailableModel) -> Entry | None:
    """The table and its filter.

    Returns:
        The image selected in the table; None if the filter leaves none.
    """
    everything = result_table(entries, model)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    choice = row.segmented_control(
        "Show",
        FILTERS,
        format_func=lambda name: f"{name} ({_matches(everything, name).sum()})",
        default=ALL,
        required=True,
        key="shown",
        wrap=True,
    )
    wait = row.number_input(
        "Maximum wait (min)",
        1,
        24 * 60,
        MAX_WAIT_S // 60,
        width=240,
        key="wait",
        help="The most likely pneumonia comes first. Images that have waited longer than this come before "
        "all others.",
    )
    table = prioritized(everything, time.time(), wait * 60)
    table = table[_matches(table, choice)]
    if table.empty:
        st.caption("No images match.")
        return None
    waiting = {"Waiting": st.column_config.NumberColumn("Waiting (min)", format="%.0f")}
    shown = table.assign(
        Image=[entries[index].thumbnail for index in table.index],
        Waiting=((time.time() - table["arrived"]) / 60).where(~table["read"]),
    )
    key = f"worklist-{choice}-{len(shown)}"
    event = show_results(
        shown[["Image", "File", "Finding", "Probability", "Waiting", "Reader", "Remarks"]],
        column_config=waiting,
        height=min(len(shown), MAX_ROWS) * 56 + 40,
        row_height=ROW_HEIGHT,
        on_select="rerun",
        selection_mode="single-row-required",
        key=key,
    )
    selected = event.selection["rows"]
    position = selected[0] if selected and selected[0] < len(table) else 0
    offer_neighbours(position, len(table), partial(_select, key), ("K", "J"))
    return entries[table.index[position]]


def _select(key: str, position: int) -> None:
    st.session_state[key] = {"selection": {"rows": [position], "columns": []}}


def _matches(table: pd.DataFrame, choice: str) -> pd.Series:
    if choice == ALL:
        return pd.Series(True, table.index)
    if choice == NOT_NOTED:
        return ~table["read"]
    if choice == "no result":
        return table["Finding"].isin([NO_RESULT, UNREADABLE])
    return table["Finding"].str.lower() == choice
