"""The sweeps section: settings of trials and their results, averaged over seeds."""

from typing import Any

import streamlit as st

from core.comparison import ModelComparison
from core.figures.sweeps import departures, parallel_coordinates
from core.runs import Sweep, open_sweep, sweep_names
from pages.shared.charts import draw, offer_csv
from pages.shared.one_of import one_of
from pages.shared.run_states import STATE_TITLES
from pages.shared.tables import show_table
from pages.shared.texts import _

COLUMNS = {
    "trial": _("Trial"),
    "state": _("State"),
    "seeds": _("Seeds finished"),
    "loss": _("Validation loss"),
    "loss_sd": _("SD of loss"),
    "auc": _("Validation AUC"),
    "auc_sd": _("SD of AUC"),
}
TRIAL_STATES = STATE_TITLES | {"pruned": _("pruned")}
RESULTS = {"loss": _("Loss"), "auc": "AUC"}


def show_sweeps(_comparison: ModelComparison) -> None:
    """One sweep: its trials as lines through their settings, and as a table."""
    name = st.selectbox(_("Sweep"), sweep_names(), width=320, help=_("Most recently changed first."))
    sweep = open_sweep(name)
    table = sweep.table()
    finished = table[table["state"] == "finished"] if len(table) else table
    if finished.empty:
        st.info(_("No trial has finished yet."))
        return
    if sweep.is_ablation:
        show_ablation(sweep)
    else:
        draw(parallel_coordinates(finished, list(sweep.trials[0].values)), "sweep")
        st.caption(
            _(
                "One line per trial, averaged over its seeds, the best in orange: settings, then "
                "**validation** results of the last stage. Drag along an axis to select trials. Test "
                "results are not shown, so that they cannot influence the choice."
            )
        )
    ordered = table.sort_values("loss")
    varied = {name: ordered[name].map(_setting) for name in sweep.trials[0].values}
    shown = ordered.assign(state=ordered["state"].map(TRIAL_STATES), **varied)
    show_table(shown.rename(columns=COLUMNS), digits=4)
    offer_csv(ordered, name)


def _setting(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else str(value)


def show_ablation(sweep: Sweep) -> None:
    """The effect of each change of an ablation, seed by seed."""
    effects = sweep.ablation_effects()
    if effects.empty:
        st.info(_("Results appear once the unchanged settings and at least one change have finished."))
        return
    result = one_of(_("Result"), RESULTS, default="loss", key="departure")
    draw(departures(effects, result), "ablation")
    better = _("left") if result == "loss" else _("right")
    st.caption(
        _(
            "Each change on its own, compared with the unchanged settings at the same seed, on "
            "**validation** in the last stage. Points to the {better} of the line are better than the "
            "unchanged settings. If a change has points on both sides, these seeds show no clear effect."
        ).format(better=better)
    )
