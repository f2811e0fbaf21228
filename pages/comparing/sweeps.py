"""Sweeps: which settings did better, seeds folded."""

import streamlit as st

from core.figures.sweeps import departures, parallel_coordinates
from core.runs import Sweep, open_sweep, sweep_names
from core.study import Study
from pages.comparing.pictures import draw

MEASURED = {
    "trial": st.column_config.NumberColumn("Trial"),
    "state": st.column_config.TextColumn("State"),
    "seeds": st.column_config.NumberColumn("Seeds", help="That have finished."),
    "loss": st.column_config.NumberColumn("Validation loss", format="%.4f"),
    "loss_sd": st.column_config.NumberColumn("SD", format="%.4f", help="Over the seeds."),
    "auc": st.column_config.NumberColumn("Validation AUC", format="%.4f"),
    "auc_sd": st.column_config.NumberColumn("SD of AUC", format="%.4f", help="Over the seeds."),
}
MEASURED_SHORT = {"loss": "Loss", "auc": "AUC"}


def sweeps(_: Study) -> None:
    """One sweep's trials as lines through their settings, and as a table."""
    name = st.selectbox("Sweep", sweep_names(), width=320, help="The one that changed last stands first.")
    sweep = open_sweep(name)
    table = sweep.table()
    finished = table[table["state"] == "finished"] if len(table) else table
    if finished.empty:
        st.info("No trial has finished yet. What they show stands here then.")
        return
    if sweep.is_ablation:
        show_departures(sweep)
    else:
        draw(parallel_coordinates(finished, list(sweep.trials[0].values)), "sweep")
        st.caption(
            "A line a trial, mean over its seeds, the best in orange: its settings, then what came out on "
            "**validation** at the last stage. Drag along an axis to see some alone. Test is not shown: it "
            "chooses nothing."
        )
    ordered = table.sort_values("loss")
    st.dataframe(ordered, hide_index=True, column_config=MEASURED, placeholder="–")
    csv = ordered.to_csv(index=False).encode()
    st.download_button("CSV", csv, f"{name}.csv", icon=":material/download:", key="sweep-csv")


def show_departures(sweep: Sweep) -> None:
    """What each change of an ablation did, seed by seed."""
    found = sweep.departures()
    if found.empty:
        st.info("No change has finished beside the unchanged recipe yet. What each did stands here then.")
        return
    measure = st.segmented_control(
        "Measure",
        list(MEASURED_SHORT),
        default="loss",
        required=True,
        key="departure",
        format_func=MEASURED_SHORT.get,
    )
    draw(departures(found, measure), "ablation")
    better = "left" if measure == "loss" else "right"
    st.caption(
        "Each change alone, against the unchanged recipe with the same seed, on **validation** at the last "
        f"stage; what lies {better} of the line did better than the recipe. Where a change has dots on both "
        "sides, these seeds do not show what it does."
    )
