"""The Diagnosis page: results for uploaded chest X-rays."""

import streamlit as st

from core.config import CLAHE, LUNGS, RANK
from core.errors import UserError
from core.inference import AvailableModel
from core.registry import acknowledge, active_model, list_models, missing_model
from core.roles import may
from pages.diagnosis.batch import batch_view
from pages.diagnosis.card import card
from pages.diagnosis.downloads import session_downloads
from pages.diagnosis.entries import (
    ANSWERING,
    READING,
    Entry,
    add_images,
    entries,
    has_unread,
    read_all,
    remove,
)
from pages.diagnosis.examples import examples
from pages.diagnosis.first_reading import choose_read_first
from pages.diagnosis.human_reading import show_saved
from pages.diagnosis.session_history import session_history
from pages.diagnosis.uploads import upload_images
from pages.diagnosis.worklist import choose_wait, filtered, following, results_so_far, worklist
from pages.shared.asking import ask_about
from pages.shared.cautions import show_cautions
from pages.shared.failures import show_error
from pages.shared.header import header
from pages.shared.kept_switch import kept_switch
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.next_step import offer_training
from pages.shared.texts import _, translated


def main() -> None:
    """The page from top to bottom."""
    header(
        _("Diagnosis"),
        _("Does this chest X-ray of a child show pneumonia? A second opinion, on this computer alone."),
        _(
            "Drop images, read the first, say whether you agree. Keys: J and K for the next and the "
            "previous image, or arrows and Enter in the list; A agree, D disagree, U not sure. Those of "
            "the viewer stand below the image."
        ),
    )
    active = active_model()
    if active is None and list_models():
        st.info(escaped(missing_model()), icon=":material/info:")
        return
    if active is None:
        offer_training(
            _(
                "There is no trained model yet. Train one on your X-rays, or in a few minutes on the "
                "synthetic set to see how the app works."
            )
        )
        return
    _tell(active.notice)
    images = st.container(key="images")
    images.empty()  # the browser draws no container without an element, and what follows would jump
    with st.expander(_("Advanced"), icon=":material/tune:", key="advanced"):
        model = advanced(active.model)
    with images:
        is_active = model.path == active.model.path
        if is_active:
            _tell_change(model)
        show_cautions(model.warnings)
        if not is_active:
            st.info(
                _("You are trying {identity}. Everybody else gets answers from the active model.").format(
                    identity=model.identity
                ),
                icon=":material/science:",
            )
        upload_images(add_images)
        if entries():
            results(model, is_active)
        else:
            with st.container(key="first-steps"):
                first_steps(model)
    session_history(model)
    batch_view()


def first_steps(model: AvailableModel) -> None:
    """What to know before the first image, and one to try."""
    st.caption(_("One or more images, or a zip of them. They stay on this computer and are not saved."))
    st.markdown(escaped(model.plain_test_sentence()))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Try an example"),
            icon=":material/draw:",
            on_click=lambda: add_images(examples()),
            help=_(
                "Two drawn chests, one with an opacity. They show how the page works: a drawing that is "
                "answered rightly says nothing of how good the model is."
            ),
        )
        st.caption(_("Real ones: *Get data* on the Dataset page fetches a public set."), width="content")


def advanced(active: AvailableModel) -> AvailableModel:
    """Which model reads, what is shown of it, and in which order; returns the model."""
    others = {str(item.model.path): item.model for item in list_models() if item.model.path != active.path}
    tried = st.selectbox(
        _("Model"),
        ["", *others],
        format_func=lambda path: _option(others.get(path, active), active),
        key="tried-model",  # by path, so that it stays chosen whatever else is promoted
    )
    model = others.get(tried, active)
    facts = translated(model.threshold_and_test_sentences())
    st.caption(escaped(f"{provenance(model)} {facts}"))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        choose_read_first()
        kept_switch(_("Upload a folder"), "folder", _("Subfolders are included."))
        anyway = kept_switch(
            _("Show withheld results"),
            "anyway",
            _(
                "Results are withheld for images that the model cannot judge. Turn this on to see them "
                "with a warning."
            ),
        )
        choose_wait()
    if anyway:
        st.caption(_("No result is withheld. Warnings are still shown."))
    return model


def _option(model: AvailableModel, active: AvailableModel) -> str:
    return " · ".join([model_title(model), *([_("active")] if model.path == active.path else [])])


def _tell(notice: str) -> None:
    """A notice about the model that answers, until the owner of this home has acknowledged it."""
    if not notice:
        return
    st.info(escaped(notice), icon=":material/info:")
    if may(acknowledge) and st.button(_("Understood")):
        try:
            acknowledge()
        except UserError as error:
            show_error(error)
            return
        st.rerun()


def _tell_change(model: AvailableModel) -> None:
    """Say so if another model answers than when the images of this session were first read."""
    identity = str(model.identity)
    if not entries():
        _expect(identity)
    earlier = st.session_state.setdefault(ANSWERING, identity)
    if earlier == identity:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            escaped(
                _("{model} answers now; before, {earlier} did. All images are read anew.").format(
                    model=identity, earlier=earlier
                )
            ),
            icon=":material/info:",
        )
        st.button(_("Understood"), key="change-understood", on_click=_expect, args=(identity,))


def _expect(identity: str) -> None:
    """Note which model the user takes to be the one that answers."""
    st.session_state[ANSWERING] = identity


def provenance(model: AvailableModel) -> str:
    """The model's run, what it was trained on and how images are prepared for it, in sentences."""
    record = model.record
    data = record.data or _("unknown data")
    known = {"none": _("random"), "": _("unknown"), "imagenet": _("ImageNet")}
    weights = known.get(record.starting_weights, _("a file's"))
    if record.members:
        trained = _("Mean of {origin}, trained on {data} from {weights} weights.").format
    elif record.run:
        trained = _("Run {run}, trained on {data} from {weights} weights.").format
    else:
        trained = _("Trained on {data} from {weights} weights.").format
    sentences = [trained(origin=model.origin, run=record.run, data=data, weights=weights)]
    if record.preprocessing == CLAHE:
        sentences.append(_("Contrast is equalised (CLAHE)."))
    if record.preprocessing == RANK:
        sentences.append(_("Grey levels are replaced by their ranks."))
    if record.framing == LUNGS:
        sentences.append(_("Images are framed by the lungs."))
    return " ".join(sentences)


def results(model: AvailableModel, is_active: bool) -> None:
    """The images as a worklist, and beside it the chosen one in full."""
    bar, so_far = st.empty(), st.empty()
    if has_unread(model):
        bar.progress(0.0, _("Reading ..."))

    def show(done: int, entries: list[Entry]) -> None:
        bar.progress(done / len(entries), _("{done} of {total}").format(done=done, total=len(entries)))
        with so_far.container():
            results_so_far(entries, model)

    try:
        everything = read_all(model, is_active, show)
    except UserError as error:  # the model's file has become unreadable, or the log cannot be written
        show_error(error)
        return
    finally:
        bar.empty()
        so_far.empty()
    for entry in everything:
        if entry.error:
            st.error(escaped(entry.error), icon=":material/error:")
    with st.container():  # also without a saved reading: what follows keeps its place, and with it the focus
        show_saved()
    if len(everything) == 1:
        _in_full(everything[0], model, None)
        return
    shown = filtered(everything, model)
    if not shown:
        st.caption(_("No images match."))
        return
    left, right = st.columns([3, 8], gap="medium")
    with left, st.container(key="worklist"):
        selected = worklist(shown, model)
    with right:
        _in_full(selected, model, following(shown, selected, model))
    session_downloads(shown, model)  # at the end: on a phone the columns stand below one another


def _in_full(entry: Entry, model: AvailableModel, next_entry: Entry | None) -> None:
    if entry.error:
        ask_about(READING, "")
    else:
        card(entry, model, next_entry)
    st.button(
        _("Remove from the list"),
        icon=":material/delete:",
        type="tertiary",
        key=f"remove-{entry.upload.key}",  # a late second click is not for the next image
        on_click=remove,
        args=(entry,),
    )


main()
