"""Launching the staged training and watching it."""

import streamlit as st

from core.config import TrainingSettings
from core.errors import UserError
from core.runs import create_run, jobs, list_runs
from pages.shared.dataset_picker import choose_dataset
from pages.shared.failures import failures_shown
from pages.training.launch.form import choose_settings
from pages.training.launch.preview import estimate_work, preview
from pages.training.view import NEW, RUNS, change_view, choose_view
from pages.training.watch.run import show_run
from pages.training.watch.runs import choose_run, show_queue
from pages.training.watch.sweeps import runs_of_group


def main() -> None:
    st.title("Training")
    with failures_shown():
        jobs.ensure_scheduler()
    active = jobs.active_run()
    if active:
        st.session_state.setdefault("run", active.name)
    if choose_view(RUNS if active else NEW) == NEW:
        new_run(bool(active))
    elif runs := runs_of_group(list_runs()):
        chosen = choose_run(runs)
        show_queue()
        show_run(chosen)
    else:
        st.info("No model has been trained yet. Train one under *New run*.")


def new_run(busy: bool) -> None:
    """The form and a preview of the run; `busy` while another run trains."""
    dataset = choose_dataset()
    if dataset is None:
        return
    try:
        settings = choose_settings(dataset)
        estimate = estimate_work(dataset, settings)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    preview(dataset, settings, estimate)
    name = st.text_input("Name", placeholder="Default: preset and time", width=320)
    title, icon = ("Add to queue", "playlist_add") if busy else ("Start training", "play_arrow")
    st.button(
        title,
        type="primary",
        icon=f":material/{icon}:",
        on_click=start,
        args=(settings, name.strip() or None),
        help="Another run is training; this one starts when it ends." if busy else None,
    )


def start(settings: TrainingSettings, name: str | None) -> None:
    """Start a run and show it."""
    with failures_shown():
        run = create_run(settings, name)
        jobs.start(run)
        st.session_state.pop("template", None)
        st.session_state["run"] = run.name
        change_view(RUNS)


main()
