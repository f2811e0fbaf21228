"""The images as a list beside the chosen one: thumbnail, finding, score, and what is still to do."""

import time
from typing import Any

import streamlit as st

from core.inference import AvailableModel
from pages.diagnosis.entries import Entry, desk, result_key
from pages.diagnosis.finding import TITLES, colour_of, finding_of
from pages.diagnosis.human_reading import AGREEMENT_TITLES
from pages.shared.component import component
from pages.shared.texts import _, ngettext, translated

CSS = """
.image-list {
  position: relative; max-height: min(34rem, 70vh); overflow-y: auto; border-radius: 0.6rem;
  outline-offset: 2px; border: 1px solid var(--st-border-color);
  color: var(--st-text-color); font-size: 0.875rem;
}
.image-list:focus-visible { outline: 2px solid var(--st-primary-color); }
.image-list-row {
  display: flex; gap: 10px; align-items: center; height: 72px; box-sizing: border-box; cursor: pointer;
  padding: 4px 10px 4px 6px; border-left: 4px solid transparent;
  border-bottom: 1px solid var(--st-border-color);
}
.image-list-row:last-child { border-bottom: 0; }
.image-list-row[aria-selected="true"] {
  background: var(--st-secondary-background-color); border-left-color: var(--st-primary-color);
}
.image-list:focus-visible .active, .image-list-row:hover {
  box-shadow: inset 0 0 0 2px var(--st-primary-color);
}
.image-list-row img {
  width: 52px; height: 52px; object-fit: cover; border-radius: 4px; background: #000; flex: none;
}
.image-list-text { display: flex; flex-direction: column; min-width: 0; line-height: 1.4; }
.image-list-text > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.image-list-finding { font-weight: 600; }
@container images (max-width: 901px) { .image-list { max-height: 14.5rem; } } /* the image stands below it */
.image-list-note { font-size: 0.75rem; min-height: 1.05rem; opacity: 0.8; }
"""


def image_list(entries: list[Entry], model: AvailableModel, opened: int | None, key: str) -> None:
    """Draw the list, in the given order; who opens an image of it sees that next.

    Args:
        entries: the images.
        model: that read them.
        opened: position of the image that is shown in full; None if none is.
        key: of the component.
    """

    def show_opened() -> None:
        chosen = st.session_state[key].opened
        for entry in entries:
            if entry.upload.key == chosen:
                desk().show(entry)

    for entry in entries:
        entry.mark_seen(model)
    data = {"images": [_row(entry, model) for entry in entries], "opened": opened, "title": _("Images")}
    component(__file__, CSS)(data=data, key=key, on_opened_change=show_opened)


def _row(entry: Entry, model: AvailableModel) -> dict[str, Any]:
    reading = None if entry.hidden else entry.reading(model)
    finding = finding_of(entry, model)
    return {
        "key": entry.upload.key,
        "name": entry.upload.name,
        "thumbnail": entry.thumbnail or "",
        "finding": TITLES[finding],
        "color": colour_of(finding),
        "score": translated(reading.shown_score) if reading else "",
        "note": _note(entry, model, len(reading.image_warnings()) if reading else 0),
        "remarks": " ".join(map(translated, reading.remarks())) if reading else translated(entry.error),
    }


def _note(entry: Entry, model: AvailableModel, warnings: int) -> str:
    """What the user said of the result, or how long it has waited; and whether there are warnings."""
    if human := entry.human_reading_of(result_key(model)):
        notes = [_("You: {agreement}").format(agreement=AGREEMENT_TITLES[human.agreement])]
    else:
        minutes = int((time.time() - entry.arrived) / 60)
        notes = [_("Waiting {minutes} min").format(minutes=minutes) if minutes else _("Just arrived")]
    if warnings:
        notes.append(ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings))
    return " · ".join(notes)
