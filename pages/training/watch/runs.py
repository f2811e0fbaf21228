"""The list of runs, and the queue."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.config import differences
from core.roles import may
from core.runs import Run, jobs, queue
from pages.shared.failures import failures_told
from pages.shared.run_states import STATE_TITLES
from pages.shared.stored_texts import recognized
from pages.shared.texts import _, ngettext

COLUMNS = {
    "Run": st.column_config.TextColumn(_("Run"), width=135, pinned=True),
    "State": st.column_config.Column(_("State"), width=80),
    "Started": st.column_config.DatetimeColumn(_("Started"), width=105, format="D MMM, HH:mm"),
    "Validation loss": st.column_config.NumberColumn(
        _("Validation loss"), width=130, format="%.3f", help=_("At the best epoch, not the last")
    ),
    "Accuracy": st.column_config.NumberColumn(
        _("Accuracy"), width=90, format="percent", step=0.001, help=_("On validation, at the best epoch")
    ),
    "Loss by epoch": st.column_config.LineChartColumn(
        _("Loss by epoch"), width=105, help=_("Validation loss, all stages one after another")
    ),
    "Best epoch": st.column_config.TextColumn(
        _("Best epoch"), width=125, help=_("Stage and epoch of the best weights")
    ),
    "Duration": st.column_config.Column(_("Duration"), width=75),
    "Changes from preset": st.column_config.TextColumn(_("Changes from preset"), width=130),
    "Data": st.column_config.Column(_("Data"), width=65),
    "Preset": st.column_config.Column(_("Preset"), width=105),
    "Note": st.column_config.Column(_("Note")),
    "Reason": st.column_config.Column(_("Reason")),
}
COMMON = ("Data", "Preset")  # of no interest where all runs have the same


def choose_run(runs: list[Run]) -> Run:
    """Show the list of runs; returns the selected run, or the one selected before."""
    names = [run.name for run in runs]
    if st.session_state.get("run") not in names:
        st.session_state["run"] = names[0]
    table = _worth_showing(pd.DataFrame([_row(run) for run in runs]))
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


def _worth_showing(table: pd.DataFrame) -> pd.DataFrame:
    """The list without columns that say nothing, so that the others fit beside each other."""
    empty = [name for name in table if all(map(_is_blank, table[name]))]
    same = [name for name in COMMON if len(table) > 1 and table[name].nunique() == 1]
    return table.drop(columns={*empty, *same})


def _is_blank(value: Any) -> bool:
    return value in (None, "", []) or value is pd.NaT or value != value  # NaN


def _row(run: Run) -> dict:
    """A run as a row of the list."""
    status, settings, best, epochs = run.status(), run.settings(), run.best_epoch(), run.epochs()
    changes = ", ".join(f"{name} {_shown(value)}" for name, value in differences(settings).items())
    duration = status.ended and status.seconds and str(timedelta(seconds=int(status.seconds)))
    return {
        "Run": run.name,
        "State": STATE_TITLES[status.state],
        "Started": datetime.fromtimestamp(status.started) if status.started else None,
        "Validation loss": best and best["val_loss"],
        "Accuracy": best and best["val_accuracy"],
        "Loss by epoch": epochs["val_loss"].dropna().tolist(),
        "Best epoch": _("stage {stage:.0f}, epoch {epoch:.0f}").format(
            stage=best["stage"], epoch=best["epoch"]
        )
        if best
        else None,
        "Duration": duration or None,
        "Data": run.facts().get("data") or settings.data.rsplit("/", 1)[-1],
        "Preset": settings.preset,
        "Changes from preset": changes or None,
        "Note": run.note(),
        "Reason": recognized(status.message) if status.state in ("failed", "died") else "",
    }


def _shown(value: Any) -> str:
    """The value of a setting, as short as a cell needs it.

    >>> _shown((None, None, 4))
    '– / – / 4'
    """
    if isinstance(value, list | tuple):
        return " / ".join(map(_shown, value))
    return "–" if value is None else str(value)


def show_queue() -> None:
    """Show the queue, with buttons to reorder, remove and clear."""
    folder = jobs.runs_folder()
    names = queue.names(folder)
    if not names:
        return
    with st.container(border=True):
        head = st.container(horizontal=True, vertical_alignment="center")
        head.markdown(
            ngettext("**Queue: {count} run**", "**Queue: {count} runs**", len(names)).format(count=len(names))
        )
        if may(queue.clear):
            head.button(
                _("Clear queue"),
                icon=":material/clear_all:",
                on_click=failures_told(queue.clear),
                args=(folder,),
            )
        for index, name in enumerate(names):
            row = st.container(horizontal=True, vertical_alignment="center", gap="small")
            row.markdown(f"{index + 1} · {name}")
            if not may(queue.move):
                continue
            row.button(
                "",
                icon=":material/arrow_upward:",
                key=f"up-{name}",
                help=_("Move up"),
                disabled=index == 0,
                on_click=failures_told(queue.move),
                args=(folder, name, -1),
            )
            row.button(
                "",
                icon=":material/arrow_downward:",
                key=f"down-{name}",
                help=_("Move down"),
                disabled=index == len(names) - 1,
                on_click=failures_told(queue.move),
                args=(folder, name, 1),
            )
            row.button(
                "",
                icon=":material/close:",
                key=f"out-{name}",
                help=_("Remove from queue"),
                on_click=failures_told(_remove),
                args=(folder, name),
            )


def _remove(folder: Path, name: str) -> None:
    """Remove a run from the queue."""
    queue.remove(folder, name)
