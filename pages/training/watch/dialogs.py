"""Dialogs of a run: its name and note, and its deletion."""

import streamlit as st

from core.errors import UserError
from core.runs import Run, as_run_name, housekeeping, jobs
from pages.shared.failures import show_error
from pages.shared.texts import _


@st.dialog(_("Name and note"))
def edit(run: Run) -> None:
    """Change a run's name and note."""
    active = jobs.may_change(run)
    name = st.text_input(
        _("Name"),
        run.name,
        disabled=active,
        help=_("A queued or running run cannot be renamed.") if active else None,
    ).strip()
    note = st.text_area(_("Note"), run.note())
    if not st.button(_("Save"), type="primary"):
        return
    try:
        run.write_note(note.strip())
        if name != run.name:
            st.session_state["run"] = housekeeping.rename(run, as_run_name(name) or name).name
    except UserError as error:
        show_error(error)
        return
    st.rerun()


@st.dialog(_("Delete this run?"))
def delete(run: Run) -> None:
    """Delete a run, once that is confirmed."""
    st.markdown(
        _(
            "This permanently deletes **{name}** with its history, predictions and weights. Weights that "
            "it published for diagnosis are kept."
        ).format(name=run.name)
    )
    if not st.button(_("Delete permanently"), type="primary", icon=":material/delete:"):
        return
    try:
        housekeeping.delete(run)
    except UserError as error:
        show_error(error)
        return
    st.rerun()
