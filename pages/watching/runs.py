"""All runs as a list, and those that wait for their turn."""

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from core.runs import Run, queue
from core.runs.jobs import runs_folder

COLUMNS = {
    "Run": st.column_config.TextColumn(width="medium"),
    "Differs from its preset": st.column_config.TextColumn(width="medium"),
    "Best epoch": st.column_config.TextColumn(help="Stage and epoch that the best weights come from."),
    "Validation loss": st.column_config.NumberColumn(format="%.3f", help="At the best epoch, not the last."),
    "Accuracy": st.column_config.NumberColumn(format="percent", help="On validation, at the best epoch."),
    "Loss by epoch": st.column_config.LineChartColumn(help="On validation, all stages one after another."),
    "Started": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
}


def choose_run(runs: list[Run]) -> Run:
    """The list of runs; the one that was clicked, else the one that was chosen last."""
    names = [run.name for run in runs]
    if st.session_state.get("run") not in names:
        st.session_state["run"] = names[0]
    table = pd.DataFrame([_row(run) for run in runs])
    clicked = st.dataframe(
        table,
        hide_index=True,
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        height=min(36 * (len(table) + 1), 250),
        placeholder="–",
        key="runs",
    ).selection["rows"]
    if clicked and clicked != st.session_state.get("clicked"):
        st.session_state["run"] = names[clicked[0]]
    st.session_state["clicked"] = clicked
    return runs[names.index(st.session_state["run"])]


def _row(run: Run) -> dict:
    """What the list says of a run."""
    status, settings, best, epochs = run.status(), run.settings(), run.best_epoch(), run.epochs()
    changes = ", ".join(f"{name} {value}" for name, value in settings.differences().items())
    took = status.ended and status.seconds and str(timedelta(seconds=int(status.seconds)))
    return {
        "Run": run.name,
        "State": status.state,
        "Loss by epoch": epochs["val_loss"].dropna().tolist(),
        "Validation loss": best and best["val_loss"],
        "Accuracy": best and best["val_accuracy"],
        "Best epoch": f"stage {best['stage']:.0f}, epoch {best['epoch']:.0f}" if best else None,
        "Duration": took or None,
        "Data": run.facts().get("data") or settings.data.rsplit("/", 1)[-1],
        "Preset": settings.preset,
        "Differs from its preset": changes or None,
        "Started": datetime.fromtimestamp(status.started) if status.started else None,
        "Note": run.note(),
        "Reason": status.message if status.state in ("failed", "died") else "",
    }


def show_queue() -> None:
    """The runs that wait, to be reordered, taken out or all dropped."""
    folder = runs_folder()
    names = queue.waiting(folder)
    if not names:
        return
    with st.container(border=True):
        head = st.container(horizontal=True, vertical_alignment="center")
        head.markdown(f"**Waiting for their turn: {len(names)}**")
        head.button("Empty the queue", icon=":material/clear_all:", on_click=queue.clear, args=(folder,))
        for place, name in enumerate(names):
            row = st.container(horizontal=True, vertical_alignment="center", gap="small")
            row.markdown(f"{place + 1} · {name}")
            move = {"on_click": queue.move}
            row.button(
                "",
                icon=":material/arrow_upward:",
                key=f"up-{name}",
                help="Earlier",
                disabled=place == 0,
                args=(folder, name, -1),
                **move,
            )
            row.button(
                "",
                icon=":material/arrow_downward:",
                key=f"down-{name}",
                help="Later",
                disabled=place == len(names) - 1,
                args=(folder, name, 1),
                **move,
            )
            row.button(
                "",
                icon=":material/close:",
                key=f"out-{name}",
                help="Take out",
                on_click=queue.remove,
                args=(folder, name),
            )
