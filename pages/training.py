"""Launching the staged training and watching it."""

import streamlit as st

from core.config import TrainingSettings
from core.errors import UserError
from core.runs import create_run, jobs, list_runs
from pages.choosing import choose_dataset
from pages.launching.form import choose_settings
from pages.launching.preview import planned, preview
from pages.watching.run import show_run
from pages.watching.runs import choose_run, show_queue
from pages.watching.sweeps import of_group

VIEWS = NEW, RUNS = ("New run", "Runs")


def main() -> None:
    st.title("Training")
    jobs.keep_going()
    active = jobs.active_run()
    if active:
        st.session_state.setdefault("run", active.name)
    if "view" not in st.session_state:
        asked = st.query_params.get("view")
        st.session_state["view"] = asked if asked in VIEWS else RUNS if active else NEW
    view = st.segmented_control("View", VIEWS, required=True, key="view", label_visibility="collapsed")
    st.query_params["view"] = view
    if view == NEW:
        new_run(bool(active))
    elif runs := of_group(list_runs()):
        chosen = choose_run(runs)
        show_queue()
        show_run(chosen)
    else:
        st.info("Nothing has been trained yet. Train a first model under *New run*.")


def new_run(busy: bool) -> None:
    """The form and what it would do; `busy` while another run trains."""
    dataset = choose_dataset()
    if dataset is None:
        return
    try:
        settings = choose_settings(dataset)
        plan = planned(dataset, settings)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    preview(dataset, settings, plan)
    name = st.text_input("Name", placeholder="made from preset and time", width=320)
    title, icon = ("Put in the queue", "playlist_add") if busy else ("Start training", "play_arrow")
    st.button(
        title,
        type="primary",
        icon=f":material/{icon}:",
        on_click=start,
        args=(settings, name.strip() or None),
        help="Another run is training; this one starts when its turn comes." if busy else None,
    )


def start(settings: TrainingSettings, name: str | None) -> None:
    """Start a run and turn to it."""
    try:
        run = create_run(settings, name)
        jobs.start(run)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state.pop("template", None)
    st.session_state["run"] = run.name
    st.session_state["view"] = RUNS


main()
