"""The history of a run: its curves, over those of a finished run if one is chosen, and confusion matrices."""

import pandas as pd
import streamlit as st

from core.figures.training import validation_matrix
from core.figures.training_curves import curves
from core.runs import Run, jobs
from pages.shared.one_of import one_of
from pages.shared.texts import _
from pages.training.watch.live_figures import live_figures

LAST_EPOCH = _("the last epoch")
AXIS_TITLES = {"step": _("step"), "epoch": _("epoch"), "time": _("time")}


def show_history(run: Run, references: dict[str, Run]) -> None:
    """Loss, accuracy and the validation confusion matrix, updated in place.

    Args:
        run: to show.
        references: finished runs by name; the validation of one of them can be laid behind the curves.
    """
    steps, epochs = run.steps(), run.epochs()
    if not len(steps):
        if jobs.may_change(run):
            st.caption(_("Curves appear after the first training step."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axis = one_of(
            _("Axis"), AXIS_TITLES, default="step", key=f"axis-{run.name}", label_visibility="collapsed"
        )
        name = st.selectbox(
            _("Compare with"),
            list(references),
            index=None,
            placeholder=_("A finished run"),
            key=f"reference-{run.name}",
            width=280,
            disabled=not references,
        )
        shown = _until_chosen_epoch(run, epochs)
    reference = (references[name].steps(), references[name].epochs()) if name else None
    early = run.stopped_early()
    matrix = validation_matrix(shown)
    figures = [curves(steps, epochs, metric, axis, early, reference) for metric in ("loss", "accuracy")]
    live_figures([*figures, *([matrix] if matrix else [])], key=f"history-{run.name}")
    legend = [
        _("Solid: validation, dotted: training · ★ best weights · ▼ learning rate reduced · ✕ stopped early")
    ]
    if name:
        legend.append(_("grey: validation of {name}").format(name=name))
    st.caption(" · ".join(legend))


def _until_chosen_epoch(run: Run, epochs: pd.DataFrame) -> pd.DataFrame:
    """The epochs up to the one whose confusion matrix is asked for."""
    names = [
        _("stage {stage:.0f}, epoch {epoch:.0f}").format(stage=row.stage, epoch=row.epoch)
        for row in epochs.itertuples()
    ]
    if len(names) < 2:
        return epochs
    chosen = st.select_slider(
        _("Confusion matrix after"), [*names, LAST_EPOCH], LAST_EPOCH, key=f"matrix-{run.name}", width=380
    )
    return epochs if chosen == LAST_EPOCH else epochs.iloc[: names.index(chosen) + 1]
