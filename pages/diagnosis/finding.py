"""A finding as the page says it: what stands for an image, and in which colour."""

from core.inference import AvailableModel
from pages.diagnosis.entries import Entry

COLOURS = {"Pneumonia": "orange", "No pneumonia": "blue", "Uncertain": "violet"}
HIDDEN = "Read first"
UNREADABLE = "Unreadable"


def finding_of(entry: Entry, model: AvailableModel) -> str:
    """What is said of an image: the model's finding, or why there is none."""
    if entry.hidden:
        return HIDDEN
    reading = entry.reading(model)
    return reading.finding if reading else UNREADABLE


def colour_of(finding: str) -> str:
    """One of Streamlit's colours of text."""
    return COLOURS.get(finding, "gray")
