"""A finding as the page says it: what stands for an image, and in which colour."""

from core.inference import NO_RESULT, AvailableModel
from pages.diagnosis.entries import Entry
from pages.shared.texts import _

COLOURS = {"Pneumonia": "orange", "No pneumonia": "blue", "Uncertain": "violet"}
HIDDEN = "Read first"
UNREADABLE = "Unreadable"
TITLES = {
    "Pneumonia": _("Pneumonia"),
    "No pneumonia": _("No pneumonia"),
    "Uncertain": _("Uncertain"),
    NO_RESULT: _("No result"),
    HIDDEN: _("Read first"),
    UNREADABLE: _("Unreadable"),
}


def finding_of(entry: Entry, model: AvailableModel) -> str:
    """What is said of an image, a key of `TITLES`: the model's finding, or why there is none."""
    if entry.hidden:
        return HIDDEN
    reading = entry.reading(model)
    return reading.finding if reading else UNREADABLE


def colour_of(finding: str) -> str:
    """One of Streamlit's colours of text."""
    return COLOURS.get(finding, "gray")
