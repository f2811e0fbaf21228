"""The worklist: all uploaded images as a table, the most likely pneumonia first."""

import time
from typing import Any

import pandas as pd
import streamlit as st

from core.inference import MAX_WAIT_S, NO_RESULT, AvailableModel, prioritized
from pages.diagnosis.entries import Entry, show_next
from pages.shared.neighbours import offer_neighbours
from pages.shared.table_images import ROW_HEIGHT

ALL, NOT_NOTED = "all", "not read by you"
FILTERS = (ALL, "pneumonia", "uncertain", "no pneumonia", "no result", NOT_NOTED)
MAX_ROWS = 7  # without scrolling
DEFAULT_WAIT = MAX_WAIT_S // 60  # minutes
HIDDEN = "Read first"
UNREADABLE = "Unreadable"
NO_SPREAD = (float("nan"), float("nan"))  # of a model that is not an ensemble
COLUMNS = {
    "Image": st.column_config.ImageColumn("", width=50),
    "File": st.column_config.TextColumn(width=110),
    "Finding": st.column_config.TextColumn(width=95),
    "Probability": st.column_config.ProgressColumn(
        "Probability", format="%.1f%%", min_value=0, max_value=100, help="of pneumonia", width=95
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
        reading = None if entry.hidden else entry.reading(model)
        entry.seen |= reading is not None
        has_result = reading is not None and not reading.withheld
        human = entry.human_reading
        location = reading.heat_location if reading and has_result else None
        lowest, highest = (reading.prediction.spread if reading and has_result else None) or NO_SPREAD
        rows.append(
            {
                "File": entry.upload.name,
                "Finding": reading.finding if reading else HIDDEN if entry.hidden else UNREADABLE,
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
    # Clipped as `percent` does it: no model can promise 0% or 100%.
    percent = table.assign(Probability=100 * table["Probability"].astype(float).clip(0.001, 0.999))
    columns = COLUMNS | options.pop("column_config", {})
    return st.dataframe(percent, hide_index=True, column_config=columns, placeholder="", **options)


def filtered(entries: list[Entry], model: AvailableModel) -> list[Entry]:
    """The filter, and the images that it leaves in reading order."""
    everything = result_table(entries, model)
    choice = st.segmented_control(
        "Show",
        FILTERS,
        format_func=lambda name: f"{name} ({_matches(everything, name).sum()})",
        default=ALL,
        required=True,
        key="shown",
        wrap=True,
        label_visibility="collapsed",
    )
    table = prioritized(everything, time.time(), 60 * st.session_state.get("wait", DEFAULT_WAIT))
    return [entries[index] for index in table.index[_matches(table, choice)]]


def choose_wait() -> None:
    """Ask how long an image may wait for its reader."""
    st.number_input(
        "Maximum wait (min)",
        1,
        24 * 60,
        DEFAULT_WAIT,
        width=240,
        key="wait",
        help="The most likely pneumonia comes first. Images that have waited longer than this come before "
        "all others.",
    )


def worklist(entries: list[Entry], model: AvailableModel) -> Entry:
    """Draw the images as a table, in the given order; returns the one to show in full."""
    table = result_table(entries, model)
    shown = table.assign(Waiting=((time.time() - table["arrived"]) / 60).where(~table["read"]))
    shown["Image"] = [entry.thumbnail for entry in entries]
    keys = [entry.upload.key for entry in entries]
    current = st.session_state.get("shown-image")
    position = keys.index(current) if current in keys else 0
    table_key = f"worklist-{hash(tuple(keys))}"
    st.session_state[table_key] = {"selection": {"rows": [position], "columns": []}}
    offer_neighbours(position, len(keys), lambda chosen: show_next(entries[chosen]), ("K", "J"))
    show_results(
        shown[["Image", "File", "Finding", "Probability", "Reader", "Waiting", "Remarks"]],
        column_config={"Waiting": st.column_config.NumberColumn("Waiting (min)", format="%.0f")},
        height=min(len(shown), MAX_ROWS) * ROW_HEIGHT + 40,
        row_height=ROW_HEIGHT,
        on_select=lambda: _select(table_key, entries),
        selection_mode="single-row-required",
        key=table_key,
    )
    return entries[position]


def following(entries: list[Entry], entry: Entry) -> Entry | None:
    """The next image in the list that nobody has read, from its top again after its end; None without one."""
    position = entries.index(entry)
    others = [*entries[position + 1 :], *entries[:position]]
    return next((other for other in others if not other.human_reading), None)


def _select(table_key: str, entries: list[Entry]) -> None:
    rows = st.session_state[table_key]["selection"]["rows"]
    if rows:
        show_next(entries[rows[0]])


def _matches(table: pd.DataFrame, choice: str) -> pd.Series:
    if choice == ALL:
        return pd.Series(True, table.index)
    if choice == NOT_NOTED:
        return ~table["read"]
    if choice == "no result":
        return table["Finding"].isin([NO_RESULT, UNREADABLE])
    return table["Finding"].str.lower() == choice
