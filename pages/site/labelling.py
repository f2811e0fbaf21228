"""Labelling blinded: one image after another, without its name, its folder, other readers or any result."""

from collections.abc import Callable

import streamlit as st

from core.config import CLASS_NAMES, POSITIVE
from core.dataset import MAX_READER
from core.errors import UserError
from core.images import read_image, shown, without_name
from core.site import (
    NOT_SURE,
    LabelLog,
    LocalImages,
    ReaderLabels,
    ReaderPair,
    agreement_with_labels,
    blinded,
    reader_labels,
)
from pages.shared.asking import ask_about, while_asked
from pages.shared.charts import offer_csv
from pages.shared.failures import failures_told, sentence
from pages.shared.markdown import escaped
from pages.shared.neighbours import offer_neighbours
from pages.shared.one_of import one_of
from pages.shared.texts import _, pgettext
from pages.shared.user import requires_sign_in, signed_in_user
from pages.shared.viewer import viewer

KEYS = {CLASS_NAMES[POSITIVE]: "P", CLASS_NAMES[1 - POSITIVE]: "N", NOT_SURE: "U"}
FIELD, READER = "site-reader-field", "site-reader"  # keys: Streamlit forgets a field with its section
TITLES = {
    CLASS_NAMES[POSITIVE]: _("Pneumonia"),
    CLASS_NAMES[1 - POSITIVE]: _("Normal"),
    NOT_SURE: _("Not sure"),
}
LABEL, COMPARE = "Label", "Compare the readers"
VIEWS = {LABEL: pgettext("verb", "Label"), COMPARE: _("Compare the readers")}
WIDTH = 640  # of the image, pixels


def show_labelling(files: list[str], local: LocalImages | None) -> None:
    """Ask for the reader and show them images; those who have labelled all may compare the readers.

    Args:
        files: paths of the images, labelled or not.
        local: those that came with labels, which are compared with the readers', too.
    """
    images, log = blinded(files), LabelLog()
    if not images:
        st.info(_("There are no images to label."), icon=":material/info:")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        shown = _choose_image(images, log, local)
    if shown:
        with right:
            _show(images[shown])


def _choose_image(images: dict[str, str], log: LabelLog, local: LocalImages | None) -> str | None:
    """Reader, progress and buttons; returns the digest of the image to show, None if there is none."""
    reader = _reader()
    if not reader:
        st.info(_("Enter your name: labels are kept by reader, on this computer."), icon=":material/badge:")
        return None
    own = log.of_reader(reader)
    done = sum(sha256 in own for sha256 in images)
    st.progress(
        done / len(images),
        _("{done:,} of {total:,} images labelled by you").format(done=done, total=len(images)),
    )
    if done < len(images):
        return _label(list(images), own, reader)
    view = one_of(
        _("View"),
        VIEWS,
        default=LABEL,
        key=f"site-view-{reader}",
        help=_(
            "Correct your labels before you compare: afterwards you are no longer blinded. Kappa is of "
            "each reader's first label of an image."
        ),
    )
    if view == LABEL:
        return _label(list(images), own, reader)
    pairs = agreement_with_labels(local, log.entries()) if local else []
    return _compare(reader_labels(list(images.values()), log.entries()), pairs, reader)


def _reader() -> str:
    """Who labels: the user who signed in, or the name that is entered; "" before that.

    The field goes once it is filled in: as long as it has the focus, keys are letters of a name.
    """
    if requires_sign_in():
        return signed_in_user()
    if st.session_state.get(READER):
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(escaped(_("Reader: {reader}").format(reader=st.session_state[READER])))
        row.button(_("Another reader"), icon=":material/switch_account:", on_click=_enter, args=("",))
        return st.session_state[READER]
    st.text_input(
        _("Reader"), key=FIELD, max_chars=MAX_READER, on_change=lambda: _enter(st.session_state[FIELD])
    )
    return ""


def _enter(name: str) -> None:
    st.session_state[READER] = " ".join(name.split())


def _label(order: list[str], own: dict[str, str], reader: str) -> str:
    """The buttons and keys that label the image that is returned: at first the first one without a label."""
    key = f"site-image-{reader}"
    unlabelled = (sha256 for sha256 in order if sha256 not in own)
    sha256 = st.session_state.get(key)
    position = order.index(sha256 if sha256 in order else next(unlabelled, order[0]))

    def go(to: int) -> None:
        st.session_state[key] = order[to]

    def give(label: str) -> None:
        LabelLog().add(order[position], reader, label)
        later = [*range(position + 1, len(order)), *range(position)]
        go(next((to for to in later if order[to] not in own), min(position + 1, len(order) - 1)))

    _buttons(f"label-{order[position]}", give, TITLES, own.get(order[position], ""))
    offer_neighbours(position, len(order), go, ("Left", "Right"))
    return order[position]


def _compare(labels: ReaderLabels, with_labels: list[ReaderPair], reader: str) -> str | None:
    """How well the readers agree, and the buttons that settle the image that is returned, if there is one.

    `with_labels` is how well they agree with the labels that came with the images.
    """
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in labels.sentences(with_labels)))
    offer_csv(labels.table, "labels")
    if not labels.disputed:
        return None
    st.subheader(_("Settle together"))
    order, key = labels.disputed, "site-disputed"
    position = min(st.session_state.get(key, 0), len(order) - 1)

    def go(to: int) -> None:
        st.session_state[key] = to

    def settle(label: str) -> None:
        LabelLog().add(order[position], reader, label, consensus=True)

    st.markdown(escaped(labels.by_reader(order[position])))
    _buttons(f"settle-{order[position]}", settle, TITLES | {NOT_SURE: _("No label")})
    offer_neighbours(position, len(order), go, ("Left", "Right"))
    return order[position]


def _buttons(thing: str, give: Callable[[str], None], titles: dict[str, str], given: str = "") -> None:
    """A button and a key for each label.

    Args:
        thing: what is asked: for a label, or to settle, and of which image.
        give: takes the label.
        titles: of the buttons by label.
        given: the label that the reader gave before; "" if none.
    """
    ask_about("label", thing)
    with st.container(horizontal=True, gap="small"):
        for label, key in KEYS.items():
            st.button(
                titles[label],
                icon=":material/check:" if label == given else None,
                shortcut=key,
                key=f"site-give-{label}-{thing}",  # a late second click is not for the next image
                on_click=while_asked("label", thing, failures_told(give)),
                args=(label,),
            )


def _show(file: str) -> None:
    """The image, or why it cannot be read, without its name, which may tell its label."""
    try:
        image = read_image(file)
    except UserError as error:
        reason = without_name(sentence(error), shown(file), _("The file"))
        st.error(
            escaped(_("{reason} Choose {not_sure}.").format(reason=reason, not_sure=TITLES[NOT_SURE])),
            icon=":material/error:",
        )
        return
    with st.container(width=WIDTH):
        viewer(image, None, None, None, "site-viewer", "")
