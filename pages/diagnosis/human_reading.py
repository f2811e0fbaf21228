"""The user's own reading of an image: agreement by one click or key, and what can be undone."""

import streamlit as st

from core.inference import AGREEMENTS, WITHDRAWN, AuditLog, AvailableModel, HumanReading
from pages.diagnosis.entries import READING, VIEWER, Desk, Entry, Saved, audit_log, desk, entries, result_key
from pages.diagnosis.sent_reading import Sender, sender, sending_sentence
from pages.shared.asking import while_asked
from pages.shared.failures import failures_told
from pages.shared.markdown import escaped
from pages.shared.texts import _, capitalized
from pages.shared.viewer import take_box

MAX_LETTERS = 500
AGREEMENT_TITLES = {"agree": _("agree"), "disagree": _("disagree"), "not sure": _("not sure")}
KEYS = dict(zip(AGREEMENTS, ("A", "D", "U"), strict=True))
ICONS = dict(zip(AGREEMENTS, ("check", "close", "question_mark"), strict=True))


def agreement_buttons(entry: Entry, model: AvailableModel, following: Entry | None) -> None:
    """Ask whether the user agrees with the result; the answer marks the image as read.

    Args:
        entry: the image.
        model: that read it.
        following: the image to show once the answer is saved; None to stay.
    """
    given = entry.human_reading_of(result_key(model)) or HumanReading("")
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
    if entry.box != given.box:
        st.caption(
            _(":material/crop_free: Your box is saved with Agree, Disagree or Not sure.")
            if entry.box
            else _(":material/crop_free: Agree, Disagree or Not sure saves your finding without the box.")
        )
    own, changed = entry.drafts.get(result_key(model), (given.own, given.changed))
    title = _("Your finding") + (f": {given.own}" if given.own else "")
    with st.expander(escaped(title), icon=":material/edit_note:", key=f"finding-{entry.upload.key}"):
        st.text_input(
            _("Your finding"),
            own,
            max_chars=MAX_LETTERS,
            key=_field("own", entry, model),
            help=_("Saved with Agree, Disagree or Not sure; it stands in the report."),
            on_change=_keep_draft,
            args=(entry, model),
        )
        st.checkbox(
            _("The result changed my finding"),
            changed,
            key=_field("changed", entry, model),
            on_change=_keep_draft,
            args=(entry, model),
        )


def show_saved() -> None:
    """What was saved last, with a way back."""
    saved = desk().saved
    if saved is None or saved.entry.human_reading is None or saved.entry.upload.key not in entries():
        return
    answer = f"{AGREEMENT_TITLES[saved.entry.human_reading.agreement]}, {saved.entry.upload.name}"
    sentences = [_("Saved: {answer}.").format(answer=answer), sending_sentence(saved.entry, saved.model)]
    if saved.following:
        sentences.append(_("Next: {name}.").format(name=saved.following.upload.name))
    text = " ".join(filter(None, sentences))
    with st.container(horizontal=True, vertical_alignment="center", key="saved-line"):
        st.caption(f":material/check: {escaped(text)}", width="content")
        st.button(
            _("Undo"),
            icon=":material/undo:",
            type="tertiary",
            key=f"undo-{saved.entry.upload.key}",
            on_click=failures_told(_undo),
            args=(saved,),
        )


def _field(name: str, entry: Entry, model: AvailableModel) -> str:
    """Key of a field about a model's result."""
    return f"{name}-{entry.upload.key}-{model.path}"


def _written(entry: Entry, model: AvailableModel) -> tuple[str, bool]:
    """What stands in the fields: the user's own finding, and whether the result changed it."""
    own = st.session_state.get(_field("own", entry, model), "").strip()
    return own, bool(st.session_state.get(_field("changed", entry, model)))


def _keep_draft(entry: Entry, model: AvailableModel) -> None:
    """Keep what is written, for as long as the fields are not drawn."""
    entry.drafts[result_key(model)] = _written(entry, model)


# Both ask the session for everything first: where they ask, Streamlit may end them for the next click.
def _save(entry: Entry, model: AvailableModel, agreement: str, following: Entry | None) -> None:
    take_box(VIEWER, entry.upload.key, entry.draw)  # which may have been drawn just before the click
    written, result, log, at, send = _of_session(entry, model)
    reading = HumanReading(agreement, *written, entry.box)
    if log:
        log.add_human_reading(entry.upload.key, model.record, model.identity, reading)
    saved = Saved(entry, model, result, entry.human_reading, entry.human_result, following)
    is_repeated = (reading, result) == (saved.before, saved.before_result)
    entry.human_reading, entry.human_result, entry.drafts[result] = reading, result, written
    if not (is_repeated and at.saved and at.saved.entry is entry):  # of two clicks, Undo takes back both
        at.saved = saved
    if following:
        at.show(following)
    send(reading)  # last: the reading is saved, also where it cannot be sent


def _undo(saved: Saved) -> None:
    entry, model = saved.entry, saved.model
    _written_now, _result, log, at, send = _of_session(entry, model)
    if at.saved is not saved:  # undone by the first of two clicks, or no longer the last one
        return
    of_this_result = saved.before if saved.before_result == saved.result else None
    send(of_this_result)
    if log:
        reading = of_this_result or HumanReading(WITHDRAWN)
        log.add_human_reading(entry.upload.key, model.record, model.identity, reading)
    entry.human_reading, entry.human_result = saved.before, saved.before_result
    at.show(entry)
    at.saved = None  # last: what cannot be written can be undone again


def _of_session(
    entry: Entry, model: AvailableModel
) -> tuple[tuple[str, bool], tuple, AuditLog | None, Desk, Sender]:
    """What stands in the fields, which result it is about, the log, the desk, and the way to the PACS."""
    return _written(entry, model), result_key(model), audit_log(), desk(), sender(entry, model)
