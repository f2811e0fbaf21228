"""What a reader makes of an answer."""

import streamlit as st

from core.diagnosis import AGREEMENTS, AvailableModel, Note
from core.errors import UserError
from pages.diagnosing.session import Entry, audit_log
from pages.diagnosing.words import plain

MOST_LETTERS = 500


def note_form(entry: Entry, model: AvailableModel) -> None:
    """Ask whether she agrees; a note marks the film as read."""
    title = "Your reading" + (f": {entry.note.agreement}" if entry.note else "")
    opened = st.expander(title, icon=":material/edit_note:", key="reading")
    with opened, st.form(f"note-{entry.file.key}", border=False):
        before = entry.note or Note("")
        agreement = st.segmented_control(
            "The answer", AGREEMENTS, default=before.agreement or None, help="A note marks the film as read."
        )
        own = st.text_input("Your own finding", before.own, max_chars=MOST_LETTERS)
        changed = st.checkbox("The answer changed my finding", before.changed)
        if st.form_submit_button("Save", icon=":material/save:"):
            if agreement is None:
                st.error("Say first whether you agree, disagree, or are not sure.", icon=":material/error:")
                return
            _save(entry, model, Note(agreement, own.strip(), changed))


def _save(entry: Entry, model: AvailableModel, note: Note) -> None:
    entry.note = note
    if log := audit_log():
        reading = entry.reading(model)
        try:
            log.add_note(reading.film.sha256, model.record, note)
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
    st.rerun()
