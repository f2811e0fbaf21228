"""Launching the staged training and watching it."""

import streamlit as st

from core.config import TrainingSettings
from core.dataset import Dataset
from core.errors import UserError
from core.roles import may
from core.runs import WorkEstimate, as_run_name, create_run, jobs, list_runs
from pages.shared.dataset_picker import choose_dataset
from pages.shared.failures import failures_shown, show_error
from pages.shared.header import header
from pages.shared.texts import _
from pages.shared.user import offered
from pages.training.launch.form import choose_settings
from pages.training.launch.preview import estimate_work, preview, same_from_a_terminal, warn
from pages.training.view import NEW, RUNS, change_view, choose_view
from pages.training.watch.run import show_run
from pages.training.watch.runs import choose_run, show_queue
from pages.training.watch.sweeps import runs_of_group


def main() -> None:
    header(
        _("Training"),
        _("Trains a model in three stages, in a process of its own: close this page, and it goes on."),
        _(
            "Choose a data set and press Start training; the settings need no change. Finished runs can "
            "be compared and, if you decide so, used for diagnosis."
        ),
    )
    with failures_shown():
        jobs.ensure_scheduler()
    active = jobs.active_run()
    if active:
        st.session_state.setdefault("run", active.name)
    if choose_view(RUNS if active or not may(create_run) else NEW) == NEW:
        if offered(create_run, _("Training a model")):
            new_run(bool(active))
    elif runs := runs_of_group(list_runs()):
        chosen = choose_run(runs)
        show_queue()
        show_run(chosen)
    else:
        st.info(
            _("No model has been trained yet. Train one under *New run*.")
            if may(create_run)
            else _("No model has been trained yet.")
        )


def new_run(busy: bool) -> None:
    """What would be trained, with a button that starts it; the form is below. `busy`: another run trains."""
    dataset = choose_dataset()
    if dataset is None:
        return
    launch = st.container()
    with st.expander(_("Change settings"), icon=":material/tune:", key="change-settings"):
        try:
            settings = choose_settings(dataset)
            estimate = estimate_work(dataset, settings)
        except UserError as error:
            with launch:
                show_error(error)
            return
    with launch:
        offer_start(dataset, settings, estimate, busy)
        preview(settings, estimate)
    same_from_a_terminal(dataset, settings)


def offer_start(dataset: Dataset, settings: TrainingSettings, estimate: WorkEstimate, busy: bool) -> None:
    """What the run is in a line, what to know before it starts, its name, and the button."""
    runs = list_runs()
    which = _("Run") if runs else _("First run")
    images = _("SYNTHETIC images") if dataset.synthetic else _("real images")
    st.markdown(
        _("**{which}: preset {preset}, {images}, up to about {duration}**").format(
            which=which, preset=settings.preset, images=images, duration=estimate.duration()
        )
    )
    warn(dataset, settings, estimate)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(_("Name"), placeholder=_("Default: preset and time"), width=320).strip()
        name = as_run_name(typed)
        title, icon = (_("Add to queue"), "playlist_add") if busy else (_("Start training"), "play_arrow")
        # No callback: it would get the settings of the page's last run, not those that were changed since.
        wanted = st.button(
            title,
            type="primary",
            icon=f":material/{icon}:",
            help=_("Another run is training; this one starts when it ends.") if busy else None,
            key=f"start-{len(runs)}",  # a late second click starts no second run
        )
    if name != typed:
        called = name or _("by preset and time")
        st.caption(
            _("It will be called **{called}**: letters, digits, . _ and - only.").format(called=called)
        )
    if wanted:
        start(settings, name or None)


def start(settings: TrainingSettings, name: str | None) -> None:
    """Start a run and show it."""
    with failures_shown():
        run = create_run(settings, name)
        jobs.start(run)
        st.session_state.pop("template", None)
        st.session_state["run"] = run.name
        change_view(RUNS)
        st.rerun()


main()
