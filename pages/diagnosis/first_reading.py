"""Read first: the result stays hidden until the user has said what the image shows."""

import streamlit as st

from core.inference import FIRST_FINDINGS, FirstReading
from pages.diagnosis.entries import READING, Entry, audit_log
from pages.shared.asking import while_asked
from pages.shared.failures import failures_told
from pages.shared.kept_switch import kept_switch
from pages.shared.markdown import escaped
from pages.shared.texts import _, capitalized

FINDINGS: dict[str, str] = dict(
    zip(FIRST_FINDINGS, (_("pneumonia"), _("no pneumonia"), _("not sure")), strict=True)
)
KEYS = dict(zip(FIRST_FINDINGS, ("P", "N", "U"), strict=True))


def choose_read_first() -> None:
    """The switch."""
    kept_switch(
        _("Read first"),
        "read-first",
        _(
            "Hides findings, probabilities and heat maps until you have said what you see. The audit log "
            "keeps what you said before the result apart from what you said after it."
        ),
    )


def first_reading_buttons(entry: Entry) -> None:
    """Ask what the image shows; the answer uncovers the result."""
    st.markdown(_("What does the image show? Then you see what the model says."))
    st.text_input(_("In your own words (optional)"), key=f"first-{entry.upload.key}", max_chars=500)
    with st.container(horizontal=True, gap="small"):
        for finding in FIRST_FINDINGS:
            st.button(
                capitalized(FINDINGS[finding]),
                shortcut=KEYS[finding],
                key=f"first-{finding}-{entry.upload.key}",  # a late second click is not for the next image
                on_click=while_asked(READING, entry.question, failures_told(_save)),
                args=(entry, finding),
            )


def show_first_reading(entry: Entry) -> None:
    """What the user said before, if anything."""
    if first := entry.first_reading:
        own = f" ({first.own})" if first.own else ""
        st.caption(
            escaped(_("You read first: {finding}{own}.").format(finding=FINDINGS[first.finding], own=own))
        )


def _save(entry: Entry, finding: str) -> None:
    own = st.session_state.get(f"first-{entry.upload.key}", "").strip()
    reading = FirstReading(finding, own)
    if log := audit_log():
        log.add_first_reading(entry.upload.key, reading)
    entry.first_reading = reading
