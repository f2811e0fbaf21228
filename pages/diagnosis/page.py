"""The Diagnosis page: results for uploaded chest X-rays."""

import streamlit as st

from core.config import CLAHE, LUNGS
from core.errors import UserError
from core.inference import AvailableModel
from core.registry import acknowledge, active_model, list_models, missing_model
from pages.diagnosis.batch import batch_view
from pages.diagnosis.card import card
from pages.diagnosis.downloads import session_downloads
from pages.diagnosis.entries import Entry, read_all
from pages.diagnosis.session_history import session_history
from pages.diagnosis.uploads import Upload, uploaded_images
from pages.diagnosis.worklist import results_so_far, worklist
from pages.shared.markdown import escaped
from pages.shared.next_step import offer_training


def main() -> None:
    """The page from top to bottom."""
    st.title("Diagnosis")
    active = active_model()
    if active is None and list_models():
        st.info(escaped(missing_model()), icon=":material/info:")
        return
    if active is None:
        offer_training(
            "There is no trained model yet. Train one on your X-rays, or in a few minutes on the "
            "synthetic set to see how the app works."
        )
        return
    _tell_once(active.notice)
    model = choose_model(active.model)
    provenance(model)
    uploads = uploaded_images()
    if uploads:
        results(uploads, model, is_active=model.path == active.model.path)
    else:
        st.caption("Upload one or more chest X-rays. They stay on this computer and are not saved.")
    session_history(model)
    batch_view()


def choose_model(active: AvailableModel) -> AvailableModel:
    """The active model, or another one to try here."""
    others = [item.model for item in list_models() if item.model.path != active.path]
    model = st.selectbox("Model", [active, *others], format_func=lambda item: _option(item, active))
    if model.path != active.path:
        st.info(
            f"You are trying {model.identity}. Everybody else gets answers from the active model.",
            icon=":material/science:",
        )
    return model


def _option(model: AvailableModel, active: AvailableModel) -> str:
    version = f" · version {model.identity.version}" if model.identity.version else ""
    return f"{model.title}{version}{' · active' if model.path == active.path else ''}"


def _tell_once(notice: str) -> None:
    """A notice for the owner of this home, until it is acknowledged."""
    if not notice:
        return
    st.info(notice, icon=":material/info:")
    if st.button("Understood"):
        try:
            acknowledge()
        except UserError as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
        st.rerun()


def provenance(model: AvailableModel) -> None:
    """The model's run, what it was trained on and how well it did on the test images."""
    record = model.record
    for sentence in model.warnings:
        st.warning(sentence, icon=":material/warning:")
    weights = {"none": "random", "": "unknown"}.get(record.starting_weights, record.starting_weights)
    contrast = ", with contrast equalisation (CLAHE)" if record.preprocessing == CLAHE else ""
    contrast += ", framed by the lungs" if record.framing == LUNGS else ""
    data = record.data or "unknown data"
    origin = f"Mean of {model.origin}, " if record.members else f"Run {record.run}, " if record.run else ""
    trained = f"{origin}trained on {data} from {weights} weights{contrast}."
    st.caption(f"{trained[0].upper()}{trained[1:]} {model.test_result_sentence()}")


def results(uploads: list[Upload], model: AvailableModel, is_active: bool) -> None:
    """The images as a worklist, and the selected one in full."""
    bar, so_far = st.progress(0.0, "Reading ..."), st.empty()

    def show(done: int, entries: list[Entry]) -> None:
        bar.progress(done / len(entries), f"{done} of {len(entries)}")
        with so_far.container():
            results_so_far(entries, model)

    try:
        entries = read_all(uploads, model, is_active, show)
    except UserError as error:  # the model's file has become unreadable, or the log cannot be written
        st.error(escaped(str(error)), icon=":material/error:")
        return
    finally:
        bar.empty()
        so_far.empty()
    for entry in entries:
        if entry.error:
            st.error(escaped(entry.error), icon=":material/error:")
    selected = worklist(entries, model) if len(entries) > 1 else entries[0]
    if len(entries) > 1:
        session_downloads(entries, model)
    if selected and not selected.error:
        card(selected, model)


main()
