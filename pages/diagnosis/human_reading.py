"""The user's own reading of an image: agreement by one click or key, and what can be undone."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.inference import AGREEMENTS, WITHDRAWN, AvailableModel, HumanReading
from pages.diagnosis.entries import READING, SAVED, VIEWER, Entry, audit_log, entries, show_next
from pages.diagnosis.sent_reading import send_reading, sending_sentence
from pages.shared.asking import while_asked
from pages.shared.failures import failures_told
from pages.shared.markdown import escaped
from pages.shared.texts import _, capitalized
from pages.shared.viewer import take_box

MAX_LETTERS = 500
AGREEMENT_TITLES = {"agree": _("agree"), "disagree": _("disagree"), "not sure": _("not sure")}
KEYS = dict(zip(AGREEMENTS, ("A", "D", "U"), strict=True))
ICONS = dict(zip(AGREEMENTS, ("check", "close", "question_mark"), strict=True))


@dataclass(frozen=True, eq=False)
class Saved:
    """The last reading that was saved.

    Attributes:
        entry: the image.
        model: whose result it concerns.
        before: the reading that it replaced.
        before_model: path of the model whose result that concerned.
        following: the image that is shown instead; None if it is the same.
    """

    entry: Entry
    model: AvailableModel
    before: HumanReading | None
    before_model: Path | None
    following: Entry | None


def agreement_buttons(entry: Entry, model: AvailableModel, following: Entry | None) -> None:
    """Ask whether the user agrees with the result; the answer marks the image as read.

    Args:
        entry: the image.
        model: that read it.
        following: the image to show once the answer is saved; None to stay.
    """
    given = entry.human_reading_of(model) or HumanReading("")
    with st.container(horizontal=True, gap="small"):
        for agreement in AGREEMENTS:
            st.button(
                capitalized(AGREEMENT_TITLES[agreement]),
                icon=f":material/{ICONS[agreement]}:",
                type="primary" if agreement == given.agreement else "secondary",
                shortcut=KEYS[agreement],
                key=f"say-{agreement}-{entry.upload.key}",  # a late second click is not for the next image
                on_click=while_asked(READING, entry.question, failures_told(_save)),
                args=(entry, model, agreement, following),
            )
    if entry.box and entry.box != given.box:
        st.caption(_(":material/crop_free: Your box is saved with Agree, Disagree or Not sure."))
    title = _("Your finding") + (f": {given.own}" if given.own else "")
    with st.expander(escaped(title), icon=":material/edit_note:", key=f"finding-{entry.upload.key}"):
        st.text_input(
            _("Your finding"),
            given.own,
            max_chars=MAX_LETTERS,
            key=f"own-{entry.upload.key}",
            help=_("Saved with Agree, Disagree or Not sure; it stands in the report."),
        )
        st.checkbox(_("The result changed my finding"), given.changed, key=f"changed-{entry.upload.key}")


def show_saved() -> None:
    """What was saved last, with a way back."""
    saved: Saved | None = st.session_state.get(SAVED)
    if saved is None or saved.entry.human_reading is None or saved.entry.upload.key not in entries():
        return
    answer = f"{AGREEMENT_TITLES[saved.entry.human_reading.agreement]}, {saved.entry.upload.name}"
    sentences = [_("Saved: {answer}.").format(answer=answer), sending_sentence(saved.entry, saved.model)]
    if saved.following:
        sentences.append(_("Next: {name}.").format(name=saved.following.upload.name))
    text = " ".join(filter(None, sentences))
    with st.container(horizontal=True, vertical_alignment="center", key="saved-line"):
        st.caption(f":material/check: {escaped(text)}", width="content")
        st.button(_("Undo"), icon=":material/undo:", type="tertiary", on_click=failures_told(_undo))


def _save(entry: Entry, model: AvailableModel, agreement: str, following: Entry | None) -> None:
    take_box(VIEWER, entry.upload.key, entry.draw)  # which may have been drawn just before the click
    own = st.session_state.get(f"own-{entry.upload.key}", "").strip()
    changed = bool(st.session_state.get(f"changed-{entry.upload.key}"))
    reading = HumanReading(agreement, own, changed, entry.box)
    if log := audit_log():
        log.add_human_reading(entry.upload.key, model.record, model.identity, reading)
    last: Saved | None = st.session_state.get(SAVED)
    saved = Saved(entry, model, entry.human_reading, entry.human_model, following)
    is_repeated = (reading, model.path) == (saved.before, saved.before_model)
    entry.human_reading, entry.human_model = reading, model.path
    if not (is_repeated and last and last.entry is entry):  # of two clicks, Undo takes back both
        st.session_state[SAVED] = saved
    if following:
        show_next(following)
    send_reading(entry, model, reading)  # last: the reading is saved, also where it cannot be sent


def _undo() -> None:
    saved: Saved | None = st.session_state.get(SAVED)
    if saved is None:  # undone by the first of two clicks
        return
    of_this_model = saved.before if saved.before_model == saved.model.path else None
    send_reading(saved.entry, saved.model, of_this_model)
    if log := audit_log():
        reading = of_this_model or HumanReading(WITHDRAWN)
        log.add_human_reading(saved.entry.upload.key, saved.model.record, saved.model.identity, reading)
    saved.entry.human_reading, saved.entry.human_model = saved.before, saved.before_model
    show_next(saved.entry)
    del st.session_state[SAVED]  # last: what cannot be written can be undone again
