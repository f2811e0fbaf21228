"""The shortcuts section: shortcut baselines, and the occlusion test."""

import pandas as pd
import streamlit as st

from core.comparison import (
    EvaluatedStage,
    ModelComparison,
    heat_share_table,
    occlusion_effects,
    occlusion_table,
    run_occlusion_test,
)
from core.config import THRESHOLD
from core.errors import UserError
from core.evaluation import METRICS
from pages.comparison.metrics import evaluated
from pages.comparison.stage_images import images_of
from pages.shared.charts import choose_format
from pages.shared.failures import show_error
from pages.shared.occlusion import show_heat_shares, show_occlusion
from pages.shared.tables import show_table
from pages.shared.texts import _, ngettext

COMPARED = ("auc", "sensitivity", "specificity")


def show_shortcuts(comparison: ModelComparison) -> None:
    """Whether the models may rely on something other than the lungs."""
    st.subheader(_("Shortcut baselines"))
    show_baselines(comparison)
    st.subheader(_("Occlusion test"))
    offer_occlusion_test(comparison)
    table = occlusion_table(occlusion_effects(comparison))
    if table.empty:
        return
    show_occlusion(table, comparison.split)
    show_heat_shares(heat_share_table(comparison), comparison.split)
    choose_format()


def show_baselines(comparison: ModelComparison) -> None:
    """The models beside the shortcut baselines."""
    if not comparison.baselines:
        st.caption(_("This run has no shortcut baselines; newly trained runs do."))
        return
    rows = {
        model.name: evaluated(model, comparison.thresholds.get(model.name, THRESHOLD))
        for model in [*comparison.models, *comparison.baselines]
    }
    table = pd.DataFrame(
        {
            name: {METRICS[key].title: METRICS[key].text(row[key], row["intervals"][key]) for key in COMPARED}
            for name, row in rows.items()
        }
    ).T
    show_table(table, index=True)
    st.caption(
        _(
            "*Shortcut baseline*: gradient boosting on the corners, the border or the histogram of the "
            "same training images. A model no better than these may not be using the lungs."
        )
    )


def offer_occlusion_test(comparison: ModelComparison) -> bool:
    """A button that runs the missing occlusion tests; returns whether any model has one."""
    missing = [
        stage
        for stage in comparison.stages
        if stage.run.results.occlusion_test(stage.number, comparison.split) is None
    ]
    if missing and st.button(
        ngettext(
            "Run the occlusion test ({count} model)", "Run the occlusion test ({count} models)", len(missing)
        ).format(count=len(missing)),
        icon=":material/visibility_off:",
        help=_("Takes about 90 milliseconds per image and model. The results are saved with the run."),
    ):
        try:
            _run_tests(missing, comparison.split)
        except UserError as error:
            show_error(error)
            return False
        st.rerun()
    return len(missing) < len(comparison.stages)


def _run_tests(stages: list[EvaluatedStage], split: str) -> None:
    """Run the occlusion test of several models behind one progress bar."""
    bar = st.progress(0.0, _("Loading ..."))
    for index, stage in enumerate(stages):

        def show(done: int, total: int, index: int = index, name: str = stage.name) -> None:
            bar.progress(
                (index + done / total) / len(stages),
                _("{name}: {done} of {total} images").format(name=name, done=done, total=total),
            )

        run_occlusion_test(stage, split, images_of(stage), show)
