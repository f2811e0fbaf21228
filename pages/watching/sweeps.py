"""Sweeps among the runs: each is one group, with its progress and its best trial."""

import streamlit as st

from core.errors import UserError
from core.runs import Run, list_sweeps, open_sweep

SINGLE = "Single runs"


def of_group(runs: list[Run]) -> list[Run]:
    """The runs that the chosen group holds: those of one sweep, or those of none."""
    sweeps = {sweep.name: sweep for sweep in list_sweeps()}
    if not sweeps:
        return runs
    owners = {name: sweep.name for sweep in sweeps.values() for trial in sweep.trials for name in trial.runs}
    groups = [*([SINGLE] if any(run.name not in owners for run in runs) else []), *sweeps]
    turned_to = owners.get(st.session_state.get("run"), SINGLE)
    if st.session_state.get("group") not in groups:
        st.session_state["group"] = turned_to if turned_to in groups else groups[0]
    group = st.pills("Group", groups, required=True, key="group", label_visibility="collapsed")
    found = [run for run in runs if owners.get(run.name, SINGLE) == group]
    if group in sweeps:
        _show(group)
    return found


@st.fragment(run_every=5)
def _show(name: str) -> None:
    """Progress and best trial of a sweep, read anew each time: trials begin meanwhile."""
    try:
        sweep = open_sweep(name)
    except UserError:  # its record was deleted
        return
    states = [sweep.state(trial) for trial in sweep.trials]
    ended = sum(state in ("finished", "pruned") for state in states)
    pruned = states.count("pruned")
    said = f"{ended} of {sweep.total} trials have ended"
    st.progress(sweep.done(), said + (f", {pruned} of them given up early" if pruned else ""))
    best = sweep.best()
    if best:
        seeds = f"mean of {len(best.runs)} seeds" if len(best.runs) > 1 else "one seed"
        st.success(
            f"Best so far: trial {best.number} with {sweep.in_words(best)}; "
            f"validation loss {sweep.loss(best):.4f}, {seeds}. Test chooses nothing.",
            icon=":material/military_tech:",
        )
    bad = [f"trial {trial.number} {state}" for trial, state in zip(sweep.trials, states, strict=True)]
    bad = [words for words in bad if words.endswith(("failed", "died", "stopped"))]
    if bad:
        st.warning(
            f"Not finished: {', '.join(bad)}. `python -m core sweep` with the same file goes on with them.",
            icon=":material/restart_alt:",
        )
