"""A finding as the page says it: what stands for an image, and in which colour."""

from core.inference import ABSENT, NO_RESULT, PRESENT, UNDECIDED, AvailableModel
from pages.diagnosis.entries import Entry
from pages.shared.texts import _

COLOURS = {PRESENT: "orange", ABSENT: "blue", UNDECIDED: "violet"}
HIDDEN = "Read first"
UNREADABLE = "Unreadable"
TITLES = {
    PRESENT: _("Pneumonia"),
    ABSENT: _("No pneumonia"),
    UNDECIDED: _("Uncertain"),
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
