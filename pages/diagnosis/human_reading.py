"""The form for the user's own reading of an image."""

import streamlit as st

from core.errors import UserError
from core.inference import AGREEMENTS, AvailableModel, HumanReading
from pages.diagnosis.entries import Entry, audit_log
from pages.shared.markdown import escaped

MAX_LETTERS = 500


def reading_form(entry: Entry, model: AvailableModel) -> None:
    """Ask whether the user agrees with the result; saving marks the image as read."""
    title = "Your reading" + (f": {entry.human_reading.agreement}" if entry.human_reading else "")
    expander = st.expander(title, icon=":material/edit_note:", key="reading")
    with expander, st.form(f"reading-{entry.upload.key}", border=False):
        before = entry.human_reading or HumanReading("")
        agreement = st.segmented_control(
            "Do you agree with the result?",
            AGREEMENTS,
            default=before.agreement or None,
            help="Saving marks the image as read.",
        )
        own = st.text_input("Your finding", before.own, max_chars=MAX_LETTERS)
        changed = st.checkbox("The result changed my finding", before.changed)
        if st.form_submit_button("Save", icon=":material/save:"):
            if agreement is None:
                st.error("First choose whether you agree, disagree or are not sure.", icon=":material/error:")
                return
            _save(entry, model, HumanReading(agreement, own.strip(), changed))


def _save(entry: Entry, model: AvailableModel, reading: HumanReading) -> None:
    entry.human_reading = reading
    if log := audit_log():
        try:
            log.add_human_reading(entry.upload.key, model.record, reading)
        except UserError as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
    st.rerun()
