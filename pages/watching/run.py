"""One run: where it stands, its curves, its log, and what can be done with it."""

from datetime import timedelta

import streamlit as st

from core.errors import UserError
from core.figures.training import AXES, curves, validation_matrix
from core.runs import Run, RunStatus, housekeeping, jobs
from pages.watching.live_figures import live_figures
from pages.watching.routes import ARCHIVE

SECONDS_BETWEEN_LOOKS = 1.9
STATES = {
    "queued": ("blue", "schedule"),
    "running": ("blue", "directions_run"),
    "finished": ("green", "check_circle"),
    "stopped": ("orange", "stop_circle"),
    "failed": ("red", "error"),
    "died": ("red", "error"),
}
AT_WORK = ("queued", "running")


def show_run(run: Run) -> None:
    """A run, drawn again as long as it is at work."""
    if run.status().state in AT_WORK:
        st.fragment(_watch, run_every=SECONDS_BETWEEN_LOOKS)(run, run.status().state)
    else:
        _draw(run)


def _watch(run: Run, state: str) -> None:
    if run.status().state != state:
        st.rerun()
    _draw(run)


def _draw(run: Run) -> None:
    status = run.status()
    _headline(run, status)
    _controls(run, status)
    figures = in_numbers(run, status)
    with st.container(horizontal=True, gap="medium"):
        for title, value in figures.items():
            st.metric(title, value, width="content")
    _history(run)
    with st.expander("Log", icon=":material/article:", expanded=status.state in ("failed", "died")):
        st.code(run.log_tail() or "empty", language=None, height=220)


def _headline(run: Run, status: RunStatus) -> None:
    """Name, state and what is going on, in words."""
    color, icon = STATES[status.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(run.name, anchor=False, width="content")
        st.badge(status.state, color=color, icon=f":material/{icon}:")
        if run.facts().get("synthetic"):
            st.badge("SYNTHETIC data", color="orange", icon=":material/draw:")
    if run.note():
        st.caption(run.note())
    if status.state == "running":
        st.progress(status.done, f"{status.message} ({status.done:.0%})")
    elif status.state in ("failed", "died"):
        st.error(status.message, icon=":material/error:")
    elif status.message.lower() != f"{status.state}.":
        st.caption(status.message)
    if status.stopping:
        st.info(
            "Stopping: the running step ends, then state and best weights are saved. "
            "What has not ended after 20 seconds is ended.",
            icon=":material/hourglass_top:",
        )
    for note in status.notes:
        st.info(note)


def _controls(run: Run, status: RunStatus) -> None:
    """What can be done with a run in its state."""
    with st.container(horizontal=True, gap="small"):
        if status.state == "running":
            st.button(
                "Stop",
                icon=":material/stop:",
                disabled=status.stopping,
                help="Ends after the running step; Resume goes on from there.",
                on_click=jobs.stop,
                args=(run,),
            )
        elif status.state == "queued":
            st.button("Take out of the queue", icon=":material/close:", on_click=jobs.stop, args=(run,))
        elif status.can_resume:
            st.button("Resume", icon=":material/play_arrow:", type="primary", on_click=_resume, args=(run,))
        st.button("Start again with changes", icon=":material/replay:", on_click=_start_again, args=(run,))
        if status.state not in AT_WORK:
            st.link_button(
                "Download",
                ARCHIVE.format(name=run.name),
                icon=":material/download:",
                help="All of it, as a zip.",
            )
        if st.button("Edit", icon=":material/edit:", help="Name and note"):
            _edit(run)
        if status.state not in AT_WORK and st.button("Delete", icon=":material/delete:"):
            _delete(run)


def _resume(run: Run) -> None:
    try:
        jobs.start(run)
    except UserError as error:
        st.toast(str(error), icon=":material/error:")


def _start_again(run: Run) -> None:
    """Turn to the form, filled with the run's settings."""
    settings = run.settings()
    st.session_state["template"] = run.name
    st.session_state["dataset"] = settings.data
    st.session_state["view"] = "New run"


@st.dialog("Name and note")
def _edit(run: Run) -> None:
    at_work = run.status().state in AT_WORK
    name = st.text_input(
        "Name", run.name, disabled=at_work, help="Cannot be changed while it trains." if at_work else None
    ).strip()
    note = st.text_area("Note", run.note())
    if not st.button("Save", type="primary"):
        return
    try:
        run.write_note(note.strip())
        if name != run.name:
            st.session_state["run"] = housekeeping.rename(run, name).name
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


@st.dialog("Delete this run?")
def _delete(run: Run) -> None:
    st.markdown(
        f"**{run.name}** with its history, predictions and weights will be gone for good. Weights that it "
        "published for Diagnosis stay."
    )
    if not st.button("Delete for good", type="primary", icon=":material/delete:"):
        return
    try:
        housekeeping.delete(run)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


def _history(run: Run) -> None:
    """Loss, accuracy and the confusion matrix on validation, updated in place."""
    steps, epochs = run.steps(), run.epochs()
    if not len(steps):
        if run.status().state in AT_WORK:
            st.caption("The curves begin with the first training step.")
        return
    axis = st.segmented_control(
        "Axis",
        list(AXES),
        default="step",
        required=True,
        key=f"axis-{run.name}",
        label_visibility="collapsed",
    )
    early = run.stopped_early()
    matrix = validation_matrix(epochs)
    figures = [curves(steps, epochs, metric, axis, early) for metric in ("loss", "accuracy")]
    live_figures([*figures, *([matrix] if matrix else [])], key=f"history-{run.name}")
    st.caption(
        "Solid: validation, dotted: training · ★ best weights · ▼ learning rate dropped · ✕ stopped early"
    )


def in_numbers(run: Run, status: RunStatus) -> dict[str, str]:
    """Where a run that trains is, or what one that has ended took; a dash where it is not known."""
    if status.state != "running":
        took = status.seconds and str(timedelta(seconds=int(status.seconds)))
        memory = status.peak_memory and f"{status.peak_memory / 2**30:.1f} GiB"
        stages = f"{len(run.evaluation())} of {len(run.settings().stages)}"
        return {"Stages finished": stages, "Duration": took or "–", "Peak memory": memory or "–"}
    left = status.seconds_left
    return {
        "Stage": str(status.stage or "–"),
        "Epoch": f"{status.epoch} / {status.epochs}" if status.epochs else "–",
        "Step": f"{status.step} / {status.steps}" if status.steps else "–",
        "Images/s": str(status.images_per_second or "–"),
        "Time left": str(timedelta(seconds=int(left))) if left else "–",
    }
