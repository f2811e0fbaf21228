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
from pages.shared.tables import line_of, show_table
from pages.shared.texts import _, ngettext

COMMON = (_("Data"), _("Preset"))  # of no interest where all runs have the same
CHOSEN = "chosen-run"  # key of the control; others change what is chosen, too
SHOWN_RUNS = 6  # the latest; the others are in a part that is closed at first


def choose_run(runs: list[Run]) -> Run:
    """Show the list of runs; returns the selected run, or the one selected before."""
    names = [run.name for run in runs]
    if st.session_state.get("run") not in names:
        st.session_state["run"] = names[0]
    if len(runs) > 1:
        states = {run.name: STATE_TITLES[run.status().state] for run in runs}
        st.session_state[CHOSEN] = st.session_state["run"]
        st.selectbox(
            _("Run"),
            names,
            format_func=lambda name: f"{name} · {states[name]}",
            key=CHOSEN,
            on_change=lambda: st.session_state.update(run=st.session_state[CHOSEN]),
            width=480,
        )
    with st.container(key="runs"):
        show_table(_worth_showing(pd.DataFrame([_row(run) for run in runs])), rows=SHOWN_RUNS)
    return runs[names.index(st.session_state["run"])]


def _worth_showing(table: pd.DataFrame) -> pd.DataFrame:
    """The list without columns that say nothing, so that the others fit beside each other."""
    empty = [name for name in table if all(map(_is_blank, table[name]))]
    same = [name for name in COMMON if len(table) > 1 and table[name].nunique() == 1]
    return table.drop(columns={*empty, *same})


def _is_blank(value: Any) -> bool:
    return value in (None, "") or value is pd.NaT or value != value  # NaN


def _row(run: Run) -> dict:
    """A run as a row of the list."""
    status, settings, best, epochs = run.status(), run.settings(), run.best_epoch(), run.epochs()
    changes = ", ".join(f"{name} {_shown(value)}" for name, value in differences(settings).items())
    duration = status.ended and status.seconds and str(timedelta(seconds=int(status.seconds)))
    losses = epochs["val_loss"].dropna().tolist()
    return {
        _("Run"): run.name,
        _("State"): STATE_TITLES[status.state],
        _("Validation loss"): best and best["val_loss"],
        _("Accuracy"): best and f"{best['val_accuracy']:.1%}",
        _("Loss by epoch"): line_of(losses, 0, max(losses, default=0)),
        _("Best epoch"): _("stage {stage:.0f}, epoch {epoch:.0f}").format(
            stage=best["stage"], epoch=best["epoch"]
        )
        if best
        else None,
        _("Started"): datetime.fromtimestamp(status.started) if status.started else None,
        _("Duration"): duration or None,
        _("Data"): run.facts().get("data") or settings.data.rsplit("/", 1)[-1],
        _("Preset"): settings.preset,
        _("Changes from preset"): changes or None,
        _("Note"): run.note(),
        _("Reason"): recognized(status.message) if status.state in ("failed", "died") else "",
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
