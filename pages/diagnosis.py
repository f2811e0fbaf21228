"""An answer for dropped X-rays."""

import streamlit as st

from core.config import CLAHE
from core.diagnosis import AvailableModel, published_models, shipped_models
from core.errors import UserError
from pages.diagnosing.archive import archive_view
from pages.diagnosing.card import card
from pages.diagnosing.history import history
from pages.diagnosing.intake import Dropped, dropped_files
from pages.diagnosing.session import Entry, read_all
from pages.diagnosing.take_away import of_all
from pages.diagnosing.words import plain
from pages.diagnosing.worklist import finished, worklist
from pages.next_step import offer_training


def main() -> None:
    st.title("Diagnosis")
    models = [*shipped_models(), *published_models()]
    if not models:
        offer_training(
            "There is no trained model yet. Train one on your X-rays, or in a few minutes on the "
            "synthetic set to see how the app works."
        )
        return
    model = st.selectbox("Model", models[::-1], format_func=lambda item: item.title)
    about(model)
    files = dropped_files()
    if files:
        answers(files, model)
    else:
        st.caption("Drop one or several X-rays here. They stay on this computer and are not kept.")
    history(model)
    archive_view()


def about(model: AvailableModel) -> None:
    """What the model was trained on and how it was measured."""
    record = model.record
    if record.synthetic:
        st.warning(
            "This model was trained on **SYNTHETIC** films: its answers mean nothing for real X-rays.",
            icon=":material/draw:",
        )
    weights = {"none": "random", "": "unknown"}.get(record.starting_weights, record.starting_weights)
    origin = f"Trained on {record.data or 'unknown data'} from {weights} weights"
    contrast = ", contrast evened out (CLAHE)" if record.preprocessing == CLAHE else ""
    st.caption(f"{origin}{contrast}; {model.measured()}.")


def answers(files: list[Dropped], model: AvailableModel) -> None:
    """The films as a worklist, and the chosen one in full."""
    bar, so_far = st.progress(0.0, "Reading ..."), st.empty()

    def show(done: int, entries: list[Entry]) -> None:
        bar.progress(done / len(entries), f"{done} of {len(entries)}")
        with so_far.container():
            finished(entries, model)

    try:
        entries = read_all(files, model, show)
    except UserError as error:  # the model's file went bad, or the log cannot be written
        st.error(plain(str(error)), icon=":material/error:")
        return
    finally:
        bar.empty()
        so_far.empty()
    for entry in entries:
        if entry.error:
            st.error(plain(entry.error), icon=":material/error:")
    readable = [entry for entry in entries if not entry.error]
    chosen = worklist(entries, model) if len(entries) > 1 else entries[0]
    if len(entries) > 1:
        of_all(entries, model)
    if chosen in readable:
        card(chosen, model)


main()
