"""Sweeps in the list of runs: one group each, with progress and best trial."""

import streamlit as st

from core.errors import UserError
from core.runs import Run, list_sweeps, open_sweep

SINGLE = "Single runs"


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
    group = st.pills("Group", groups, required=True, key="group", label_visibility="collapsed")
    selected = [run for run in runs if owners.get(run.name, SINGLE) == group]
    if group in sweeps:
        _show(group)
    return selected


@st.fragment(run_every=5)
def _show(name: str) -> None:
    """Progress and best trial of a sweep, read again at each refresh."""
    try:
        sweep = open_sweep(name)
    except UserError:  # its record was deleted
        return
    states = [sweep.state(trial) for trial in sweep.trials]
    ended = sum(state in ("finished", "pruned") for state in states)
    pruned = states.count("pruned")
    sentence = f"{ended} of {sweep.total} trials have ended"
    st.progress(sweep.done(), sentence + (f", {pruned} of them pruned" if pruned else ""))
    best = sweep.best()
    if best:
        seeds = f"mean of {len(best.runs)} seeds" if len(best.runs) > 1 else "one seed"
        st.success(
            f"Best so far: trial {best.number} with {sweep.describe(best)}; "
            f"validation loss {sweep.loss(best):.4f}, {seeds}. Test images are not used to choose it.",
            icon=":material/military_tech:",
        )
    unfinished = [f"trial {trial.number} {state}" for trial, state in zip(sweep.trials, states, strict=True)]
    unfinished = [item for item in unfinished if item.endswith(("failed", "died", "stopped"))]
    if unfinished:
        st.warning(
            f"Not finished: {', '.join(unfinished)}. Run `python -m core sweep` with the same file to "
            "resume them.",
            icon=":material/restart_alt:",
        )
