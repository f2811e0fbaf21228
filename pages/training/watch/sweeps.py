"""Sweeps in the list of runs: one group each, with progress and best trial."""

import streamlit as st

from core.errors import UserError
from core.runs import TRIAL_OVER, Run, list_sweeps, open_sweep
from pages.shared.run_states import STATE_TITLES
from pages.shared.technical_details import technical_details
from pages.shared.texts import _

SINGLE = _("Single runs")
REFRESH_S = 5


def runs_of_group(runs: list[Run]) -> list[Run]:
    """Show the groups; returns the runs of the selected sweep, or those of no sweep."""
    sweeps = {sweep.name: sweep for sweep in list_sweeps()}
    if not sweeps:
        return runs
    owners = {name: sweep.name for sweep in sweeps.values() for trial in sweep.trials for name in trial.runs}
    groups = [*([SINGLE] if any(run.name not in owners for run in runs) else []), *sweeps]
    current = owners.get(st.session_state.get("run", ""), SINGLE)
    if st.session_state.get("group") not in groups:
        st.session_state["group"] = current if current in groups else groups[0]
    group = st.pills(_("Group"), groups, required=True, key="group", label_visibility="collapsed")
    selected = [run for run in runs if owners.get(run.name, SINGLE) == group]
    if group in sweeps:
        is_over = sweeps[group].done() == 1
        st.fragment(_show, run_every=None if is_over else REFRESH_S)(group)
    return selected


def _show(name: str) -> None:
    """Progress and best trial of a sweep, read again at each refresh."""
    try:
        sweep = open_sweep(name)
    except UserError:  # its record was deleted
        return
    states = [sweep.state(trial) for trial in sweep.trials]
    ended = sum(state in TRIAL_OVER for state in states)
    pruned = states.count("pruned")
    sentence = (
        _("{ended} of {total} trials have ended, {pruned} of them pruned").format(
            ended=ended, total=sweep.total, pruned=pruned
        )
        if pruned
        else _("{ended} of {total} trials have ended").format(ended=ended, total=sweep.total)
    )
    st.progress(sweep.done(), sentence)
    best = sweep.best()
    if best:
        seeds = (
            _("mean of {count} seeds").format(count=len(best.runs)) if len(best.runs) > 1 else _("one seed")
        )
        st.success(
            _(
                "Best so far: trial {number} with {settings}; validation loss {loss:.4f}, {seeds}. Test "
                "images are not used to choose it."
            ).format(number=best.number, settings=sweep.describe(best), loss=sweep.loss(best), seeds=seeds),
            icon=":material/military_tech:",
        )
    unfinished = [
        _("trial {number} {state}").format(number=trial.number, state=STATE_TITLES[state])
        for trial, state in zip(sweep.trials, states, strict=True)
        if state in ("failed", "died", "stopped")
    ]
    if unfinished:
        st.warning(
            _("Not finished: {trials}. They can be resumed.").format(trials=", ".join(unfinished)),
            icon=":material/restart_alt:",
        )
        technical_details(
            _("To resume them, start the sweep once more, with the same file:"), "python -m core sweep FILE"
        )
