"""The worklist: all uploaded images as a table, the most likely pneumonia first."""

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation import percent
from core.inference import (
    ABSENT,
    MAX_WAIT_S,
    NO_RESULT,
    PRESENT,
    UNDECIDED,
    AvailableModel,
    prioritized,
)
from pages.diagnosis.entries import Entry, desk, result_key
from pages.diagnosis.finding import TITLES, UNREADABLE, finding_of
from pages.diagnosis.human_reading import AGREEMENT_TITLES
from pages.diagnosis.image_list import image_list
from pages.shared.neighbours import offer_neighbours
from pages.shared.one_of import one_of
from pages.shared.tables import show_table
from pages.shared.texts import _

ALL, NOT_READ = "all", "not read by you"
FILTERS = {
    ALL: _("all"),
    PRESENT.lower(): _("pneumonia"),
    UNDECIDED.lower(): _("uncertain"),
    ABSENT.lower(): _("no pneumonia"),
    NO_RESULT.lower(): _("no result"),
    NOT_READ: _("not read by you"),
}
DEFAULT_WAIT = MAX_WAIT_S // 60  # minutes
SHOWN_RESULTS = 25  # the others are in a part that is closed at first
SHORT_LIST = 3  # images; room for more is kept in look.css while the list loads
NO_PROBABILITY = float("nan")
NO_SPREAD = (NO_PROBABILITY, NO_PROBABILITY)  # of a model that is not an ensemble
UNKNOWN = 0.5  # priority of an image whose score means nothing: behind likely pneumonia, before the others
TITLES_OF_COLUMNS = {
    "Image": _("Image"),
    "File": _("File"),
    "Finding": _("Finding"),
    "Probability": _("Probability"),
    "Remarks": _("Remarks"),
    "Reader": _("Your reading"),
    "Own finding": _("Your finding"),
    "Changed": _("Changed by result"),
    "Lowest member": _("Lowest member"),
    "Highest member": _("Highest member"),
    "Heat in lungs": _("Heat in lungs"),
    "Warnings": _("Warnings"),
    "Header": _("Header"),
}

# As they are shown; a table that is downloaded keeps the values.
SHOWN: dict[str, Callable[[Any], Any]] = {
    "Probability": percent,
    "Lowest member": percent,
    "Highest member": percent,
    "Heat in lungs": "{:.0%}".format,
    "Finding": lambda finding: TITLES.get(finding, finding),
    "Reader": lambda answer: AGREEMENT_TITLES.get(answer, ""),
}


def result_table(entries: list[Entry], model: AvailableModel) -> pd.DataFrame:
    """One row per image, in the given order."""
    rows, result = [], result_key(model)
    for entry in entries:
        reading = None if entry.hidden else entry.reading(model)
        has_result = reading is not None and not reading.withheld
        human = entry.human_reading_of(result)
        location = reading.heat_location if reading and has_result else None
        lowest, highest = (reading.spread if reading else None) or NO_SPREAD
        shown = reading.probability if reading else None
        probability = NO_PROBABILITY if shown is None else shown
        rows.append(
            {
                "File": entry.upload.name,
                "Finding": finding_of(entry, model),
                "Probability": probability,
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
                "priority": UNKNOWN if reading and reading.void_score else probability,
            }
        )
    return pd.DataFrame(rows)


def results_so_far(entries: list[Entry], model: AvailableModel) -> None:
    """The images that are done, while the others are being read."""
    done = [entry for entry in entries if entry.error or entry.reading(model)]
    image_list(done, model, None, f"image-list-{len(done)}")


def show_results(table: pd.DataFrame) -> None:
    """Draw a table of results, without columns in which nothing stands.

    Args:
        table: with columns of `TITLES_OF_COLUMNS`; others are not shown.
    """
    given = [name for name in TITLES_OF_COLUMNS if name in table]
    filled = [name for name in given if (table[name].notna() & (table[name] != "")).any()]
    shown = table[filled].copy()
    for name in set(SHOWN) & set(filled):
        shown[name] = table[name].map(SHOWN[name], na_action="ignore")
    show_table(shown.rename(columns=TITLES_OF_COLUMNS), rows=SHOWN_RESULTS)


def filtered(entries: list[Entry], model: AvailableModel) -> list[Entry]:
    """The filter, and the images that it leaves in reading order."""
    everything = result_table(entries, model)
    titles = {name: f"{title} ({_matches(everything, name).sum()})" for name, title in FILTERS.items()}
    choice = one_of(
        _("Show"),
        titles,
        default=ALL,
        key="shown",
        wrap=True,
        label_visibility="collapsed",
    )
    table = prioritized(everything, time.time(), 60 * st.session_state.get("wait", DEFAULT_WAIT))
    return [entries[index] for index in table.index[_matches(table, choice)]]


def choose_wait() -> None:
    """Ask how long an image may wait for its reader."""
    st.number_input(
        _("Maximum wait (min)"),
        1,
        24 * 60,
        DEFAULT_WAIT,
        width=240,
        key="wait",
        help=_(
            "The most likely pneumonia comes first. Images that have waited longer than this come before "
            "all others."
        ),
    )


def worklist(entries: list[Entry], model: AvailableModel) -> Entry:
    """Draw the images as a list, in the given order; returns the one to show in full."""
    keys = [entry.upload.key for entry in entries]
    shown = desk().shown
    position = keys.index(shown) if shown in keys else 0
    desk().show(entries[position])  # it stays, however the list is sorted next
    offer_neighbours(position, len(keys), lambda chosen: desk().show(entries[chosen]), ("K", "J"))
    with st.container(key="long-list" if len(keys) > SHORT_LIST else "short-list"):
        image_list(entries, model, position, "image-list")
    return entries[position]


def following(entries: list[Entry], entry: Entry, model: AvailableModel) -> Entry | None:
    """The next image in the list whose result nobody has read, from its top again; None without one."""
    position, read = entries.index(entry), result_key(model)
    others = [*entries[position + 1 :], *entries[:position]]
    return next((other for other in others if not other.human_reading_of(read)), None)


def _matches(table: pd.DataFrame, choice: str) -> pd.Series:
    if choice == ALL:
        return pd.Series(True, table.index)
    if choice == NOT_READ:
        return ~table["read"]
    if choice == NO_RESULT.lower():
        return table["Finding"].isin([NO_RESULT, UNREADABLE])
    return table["Finding"].str.lower() == choice
