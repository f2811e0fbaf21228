"""One run: its state and progress, curves, log, and controls."""

from datetime import timedelta
from math import ceil
from typing import Literal

import streamlit as st

from core.comparison import evaluated_stages
from core.disk import free_space
from core.roles import may
from core.runs import Run, RunStatus, alerts, create_run, epoch_sentences, housekeeping, jobs, list_runs
from pages.shared.failures import failures_told
from pages.shared.markdown import escaped
from pages.shared.run_states import STATE_TITLES
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, translated
from pages.training.view import NEW, change_view
from pages.training.watch.dialogs import delete, edit
from pages.training.watch.followed import show_followed
from pages.training.watch.history import show_history
from pages.training.watch.routes import export_link

REFRESH_S = 1.9
LEFT_LOW, LEFT_HIGH = 0.75, 1.5  # of an estimated time left: it grows where the machine gets other work
Color = Literal["blue", "green", "orange", "red"]
STATES: dict[str, tuple[Color, str]] = {
    "queued": ("blue", "schedule"),
    "running": ("blue", "directions_run"),
    "finished": ("green", "check_circle"),
    "stopped": ("orange", "stop_circle"),
    "failed": ("red", "error"),
    "died": ("red", "error"),
}
ACTIVE = ("queued", "running")


def show_run(run: Run) -> None:
    """Show a run, refreshed while its status can change."""
    references = {other.name: other for other in list_runs() if other.status().state == "finished"}
    references.pop(run.name, None)
    if jobs.may_change(run):
        st.fragment(_refresh, run_every=REFRESH_S)(run, references, run.status().state)
    else:
        _draw(run, references)


def _refresh(run: Run, references: dict[str, Run], state: str) -> None:
    if run.status().state != state or not jobs.may_change(run):
        st.rerun()
    _draw(run, references)


def _draw(run: Run, references: dict[str, Run]) -> None:
    """Everything about a run; `references` are finished runs by name, which it can be compared with."""
    status = run.status()
    _headline(run, status)
    _controls(run, status)
    values = key_figures(run, status)
    with st.container(horizontal=True, gap="medium"):
        for title, value in values.items():
            st.metric(title, value, width="content")
    _account(run, status)
    show_history(run, references)
    show_followed(run)
    expanded = status.state in ("failed", "died")
    log = st.expander(_("Technical log"), expanded, icon=":material/article:", on_change="rerun")
    if log.open:  # a browser takes a second to load what shows code
        text = "\n".join(map(recognized, run.log_tail().splitlines())) or _("The log is empty.")
        log.code(text, language=None, height=220, wrap_lines=True)
        log.caption(
            _("Without TensorFlow's notes on processor and GPU; the whole log is in {file}.").format(
                file=f"`runs/{run.name}/{run.log_path.name}`"
            )
        )


def _headline(run: Run, status: RunStatus) -> None:
    """Name, state and current activity."""
    color, icon = STATES[status.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(run.name, anchor=False, width="content")
        st.badge(STATE_TITLES[status.state], color=color, icon=f":material/{icon}:")
        if run.facts().get("synthetic"):
            st.badge(_("SYNTHETIC data"), color="orange", icon=":material/draw:")
    if run.note():
        st.caption(escaped(run.note()))
    if status.state == "running":
        st.progress(status.done, f"{escaped(recognized(status.message))} ({status.done:.0%})")
    elif status.state in ("failed", "died"):
        st.error(escaped(recognized(status.message)), icon=":material/error:")
    elif status.message.lower() != f"{status.state}.":
        st.caption(escaped(recognized(status.message)))
    if status.stopping:
        st.info(
            _(
                "Stopping after the current step; state and best weights are saved. A process that has "
                "not stopped after 20 seconds is killed."
            ),
            icon=":material/hourglass_top:",
        )
    for note in status.notes:
        st.info(escaped(recognized(note)))


def _account(run: Run, status: RunStatus) -> None:
    """What each epoch did, in words, and what is unusual."""
    epochs = run.epochs()
    if status.state == "running":
        for text in alerts(epochs, free_space(run.path)).values():
            st.warning(translated(text), icon=":material/warning:")
    sentences = list(map(translated, epoch_sentences(epochs)))
    if not sentences:
        return
    st.markdown(sentences[0])
    if len(sentences) > 1:
        with st.expander(_("Earlier epochs"), icon=":material/history:"):
            st.markdown("  \n".join(sentences[1:]))


def _controls(run: Run, status: RunStatus) -> None:
    """Buttons for what can be done in the run's state.

    Each has the run in its key: a click that comes while another run is being drawn is not for that one.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if status.state == "running" and may(jobs.stop):
            st.button(
                _("Stop"),
                icon=":material/stop:",
                key=f"stop-{run.name}",
                disabled=status.stopping,
                help=_("Stops after the current step. You can resume the run from there."),
                on_click=failures_told(_stop),
                args=(run,),
            )
        elif status.state == "queued" and may(jobs.stop):
            st.button(
                _("Remove from queue"),
                icon=":material/close:",
                key=f"dequeue-{run.name}",
                on_click=failures_told(_stop),
                args=(run,),
            )
        elif status.state == "finished":
            _offer_comparison(run)
        if status.can_resume and may(jobs.start):
            st.button(
                _("Resume"),
                icon=":material/play_arrow:",
                type="primary",
                key=f"resume-{run.name}",
                on_click=failures_told(_resume),
                args=(run,),
            )
        if may(create_run):
            st.button(
                _("New run with these settings"),
                icon=":material/replay:",
                key=f"again-{run.name}",
                on_click=failures_told(_start_again),
                args=(run,),
            )
        if status.state not in ACTIVE:
            st.link_button(
                _("Download"),
                export_link(run),
                icon=":material/download:",
                help=_("The whole run as a zip file"),
            )
        if may(housekeeping.rename) and st.button(
            _("Edit"), icon=":material/edit:", key=f"edit-{run.name}", help=_("Name and note")
        ):
            edit(run)
        deletable = status.state not in ACTIVE and may(housekeeping.delete)
        if deletable and st.button(_("Delete"), icon=":material/delete:", key=f"delete-{run.name}"):
            delete(run)


def _offer_comparison(run: Run) -> None:
    """What comes after a run: comparing its stages, and promoting one of them."""
    models = [stage.name for stage in evaluated_stages([run])]
    for title, icon, section in (
        (_("Compare the stages"), "compare_arrows", _("Metrics")),
        (_("Use for diagnosis"), "stethoscope", _("Promotion")),
    ):
        st.page_link(
            "pages/comparison/page.py",
            label=title,
            icon=f":material/{icon}:",
            query_params={"section": section, "models": models},
        )


def _stop(run: Run) -> None:
    jobs.stop(run)


def _resume(run: Run) -> None:
    jobs.start(run)


def _start_again(run: Run) -> None:
    """Open the form with the run's settings."""
    settings = run.settings()
    st.session_state["template"] = run.name
    st.session_state["dataset"] = settings.data
    change_view(NEW)


def key_figures(run: Run, status: RunStatus) -> dict[str, str]:
    """Position and speed of a running run, or duration and memory of an ended one; – where unknown."""
    if status.state != "running":
        duration = str(timedelta(seconds=int(status.seconds))) if status.seconds else "–"
        memory = f"{status.peak_memory / 2**30:.1f} GiB" if status.peak_memory else "–"
        stages = _("{done} of {total}").format(
            done=len(run.results.evaluation()), total=len(run.settings().stages)
        )
        return {_("Stages finished"): stages, _("Duration"): duration, _("Peak memory"): memory}
    left = status.seconds_left
    return {
        _("Stage"): str(status.stage or "–"),
        _("Epoch"): f"{status.epoch} / {status.epochs}" if status.epochs else "–",
        _("Step"): f"{status.step} / {status.steps}" if status.steps else "–",
        _("Images/s"): str(status.images_per_second or "–"),
        _("Time left"): time_range(left) if left else "–",
    }


def time_range(seconds: float) -> str:
    """An estimate as the range in which it mostly proves right.

    >>> time_range(20), time_range(600), time_range(7200)
    ('under 1 min', '7 to 15 min', '1.5 to 3.0 h')
    """
    low, high = LEFT_LOW * seconds / 60, LEFT_HIGH * seconds / 60  # minutes
    if high <= 1:
        return _("under 1 min")
    if high < 90:
        return _("{low} to {high} min").format(low=int(low), high=ceil(high))
    return _("{low:.1f} to {high:.1f} h").format(low=low / 60, high=high / 60)
