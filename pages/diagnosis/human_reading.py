"""The user's own reading of an image: agreement by one click or key, and what can be undone."""

import streamlit as st

from core.inference import AGREEMENTS, WITHDRAWN, AvailableModel, HumanReading
from pages.diagnosis.entries import READING, VIEWER, Entry, Saved, audit_log, desk, entries, result_key
from pages.diagnosis.sent_reading import sender, sending_sentence
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
    result = result_key(model)  # the one that is seen, whatever a click finds chosen by then
    given = entry.human_reading_of(result) or HumanReading("")
    with st.container(horizontal=True, gap="small"):
        for agreement in AGREEMENTS:
            st.button(
                capitalized(AGREEMENT_TITLES[agreement]),
                icon=f":material/{ICONS[agreement]}:",
                type="primary" if agreement == given.agreement else "secondary",
                shortcut=KEYS[agreement],
                key=f"say-{agreement}-{entry.upload.key}",  # a late second click is not for the next image
                on_click=while_asked(READING, entry.question, failures_told(_save)),
                args=(entry, model, result, agreement, following),
            )
    if entry.box != given.box:
        st.caption(
            _(":material/crop_free: Your box is saved with Agree, Disagree or Not sure.")
            if entry.box
            else _(":material/crop_free: Agree, Disagree or Not sure saves your finding without the box.")
        )
    own, changed = entry.drafts.get(result, (given.own, given.changed))
    title = _("Your finding") + (f": {given.own}" if given.own else "")
    with st.expander(escaped(title), icon=":material/edit_note:", key=f"finding-{entry.upload.key}"):
        st.text_input(
            _("Your finding"),
            own,
            max_chars=MAX_LETTERS,
            key=_field("own", entry, result),
            help=_("Saved with Agree, Disagree or Not sure; it stands in the report."),
            on_change=_keep_draft,
            args=(entry, result),
        )
        st.checkbox(
            _("The result changed my finding"),
            changed,
            key=_field("changed", entry, result),
            on_change=_keep_draft,
            args=(entry, result),
        )


def show_saved() -> None:
    """What was saved last, with a way back."""
    saved = desk().saved
    if saved is None or saved.entry.human_reading is None or saved.entry.upload.key not in entries():
        return
    answer = f"{AGREEMENT_TITLES[saved.entry.human_reading.agreement]}, {saved.entry.upload.name}"
    sentences = [
        _("Saved: {answer}.").format(answer=answer),
        sending_sentence(saved.entry, saved.model, saved.result),
    ]
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


def _field(name: str, entry: Entry, result: tuple) -> str:
    """Key of a field about a result."""
    return "-".join([name, entry.upload.key, *map(str, result)])


def _written(entry: Entry, result: tuple) -> tuple[str, bool]:
    """What stands in the fields, or did: the user's own finding, and whether the result changed it."""
    own, changed = entry.drafts.get(result, ("", False))
    own = st.session_state.get(_field("own", entry, result), own).strip()
    return own, bool(st.session_state.get(_field("changed", entry, result), changed))


def _keep_draft(entry: Entry, result: tuple) -> None:
    """Keep what is written, for as long as the fields are not drawn."""
    entry.drafts[result] = _written(entry, result)


# Both ask the session for everything first: where they ask, Streamlit may end them for the next click.
def _save(
    entry: Entry, model: AvailableModel, result: tuple, agreement: str, following: Entry | None
) -> None:
    take_box(VIEWER, entry.upload.key, entry.draw)  # which may have been drawn just before the click
    written, log, at, send = _written(entry, result), audit_log(), desk(), sender(entry, model, result)
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
    is_of_this_model = saved.before_result[:1] == saved.result[:1]
    before, result = (saved.before, saved.before_result) if is_of_this_model else (None, saved.result)
    log, at, send = audit_log(), desk(), sender(entry, model, result)
    if at.saved is not saved:  # undone by the first of two clicks, or no longer the last one
        return
    send(before)
    if log:
        reading = before or HumanReading(WITHDRAWN)
        log.add_human_reading(entry.upload.key, model.record, model.identity, reading)
    entry.human_reading, entry.human_result = saved.before, saved.before_result
    at.show(entry)
    at.saved = None  # last: what cannot be written can be undone again
