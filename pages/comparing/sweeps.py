"""Sweeps: which settings did better, seeds folded."""

import streamlit as st

from core.figures.sweeps import parallel_coordinates
from core.runs import list_sweeps
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


def sweeps(_: Study) -> None:
    """One sweep's trials as lines through their settings, and as a table."""
    known = {sweep.name: sweep for sweep in list_sweeps()}
    name = st.selectbox("Sweep", list(known), width=320, help="The one that changed last stands first.")
    sweep = known[name]
    table = sweep.table()
    finished = table[table["state"] == "finished"] if len(table) else table
    if finished.empty:
        st.info("No trial has finished yet. Its lines stand here then.")
        return
    varied = list(sweep.trials[0].values)
    draw(parallel_coordinates(finished, varied), "sweep")
    st.caption(
        "A line a trial, mean over its seeds, the best in orange: its settings, then what came out on "
        "**validation** at the last stage. Drag along an axis to see some alone. Test is not shown: it "
        "chooses nothing."
    )
    ordered = table.sort_values("loss")
    st.dataframe(ordered, hide_index=True, column_config=MEASURED, placeholder="–")
    csv = ordered.to_csv(index=False).encode()
    st.download_button("CSV", csv, f"{name}.csv", icon=":material/download:", key="sweep-csv")
