"""Several models on the same local images: which are measured, and what they come to side by side."""

from collections.abc import Mapping

import streamlit as st

from core import evaluation
from core.figures.curves import roc_curves
from core.inference import AvailableModel
from core.registry import RegisteredModel
from core.site import MAX_OTHER_MODELS, SiteComparison, SiteMeasurement, other_models
from pages.shared.charts import banded, draw, offer_csv
from pages.shared.differences import show_differences
from pages.shared.key_figures import key_figures
from pages.shared.markdown import escaped
from pages.shared.model_title import model_title
from pages.shared.registry_states import STATES
from pages.shared.tables import show_table
from pages.shared.texts import _


def choose_models(active: AvailableModel) -> list[RegisteredModel]:
    """The models to measure beside the active one; none where there is no other."""
    others = other_models(active.identity)
    if not others:
        return []

    def title(name: str) -> str:
        return f"{model_title(others[name].model)} · {STATES[others[name].state]}"

    chosen = st.multiselect(
        _("Also measure"),
        others,
        format_func=title,
        key="site-models",
        placeholder=_("Other models"),
        help=_(
            "Up to {maximum} at once. Images are decoded once for all of them. Each model takes 0.3 to "
            "0.4 GB of memory."
        ).format(maximum=MAX_OTHER_MODELS),
        max_selections=MAX_OTHER_MODELS,
    )
    return [others[name] for name in chosen]


def show_side_by_side(comparison: SiteComparison) -> None:
    """The models on the images on which all have a result, and their differences; nothing of one alone."""
    if comparison.models:
        st.subheader(_("Models side by side"))
    for note in comparison.notes():
        st.caption(escaped(note))
    if comparison.metrics is None:
        return
    key_figures(comparison.metrics, "site-models-side-by-side")
    if all(metrics["auc"] is not None for metrics in comparison.metrics.values()):
        points = {
            name: (1 - metrics["specificity"], metrics["sensitivity"])
            for name, metrics in comparison.metrics.items()
        }
        curves = {model.name: banded(model, "roc") for model in comparison.models}
        draw(roc_curves(curves, points), "site-models-roc")
    with st.expander(_("All metrics")):
        table = evaluation.side_by_side(comparison.metrics)
        show_table(table, index=True)
        offer_csv(evaluation.metric_table(comparison.metrics), "models-side-by-side")
    with st.expander(_("Differences, tested"), expanded=True):
        show_differences(comparison.tests, "differences-site")


def choose_measurement(comparison: SiteComparison, titles: Mapping[str, str]) -> SiteMeasurement:
    """The measurement to show in full: that of the active model unless another is chosen."""
    by_model = {item.readings.model: item for item in comparison.measurements}
    if len(by_model) == 1:
        return comparison.measurements[0]
    chosen = st.selectbox(
        _("Show in full"), by_model, key="site-shown", format_func=lambda model: titles.get(model, model)
    )
    return by_model[chosen]


def model_titles(active: AvailableModel) -> dict[str, str]:
    """What models are called on pages, by the names under which measurements have them."""
    models = [active, *(item.model for item in other_models(active.identity).values())]
    return {str(model.identity): model_title(model) for model in models}
