"""The other figures of the Comparison page, of a model on local images; drawn once they are opened."""

import streamlit as st

from core import evaluation
from core.figures.metric_intervals import metric_intervals
from core.site import SiteMeasurement
from pages.shared.charts import draw, offer_csv
from pages.shared.model_curves import show_distributions, show_precision_recall, show_specificities
from pages.shared.predictive_values import show_predictive_values
from pages.shared.tables import show_table
from pages.shared.texts import _


@st.fragment  # so that the page is not drawn anew
def show_more_figures(measurement: SiteMeasurement) -> None:
    """All metrics, predictive values, precision-recall, probabilities and the decision curve of a model."""
    predictions, metrics = measurement.predictions, measurement.metrics
    assert predictions is not None and metrics is not None
    more = st.expander(
        _("More figures: all metrics, predictive values, more curves"), key="site-more", on_change="rerun"
    )
    if not more.open:
        return
    by_name = {predictions.name: metrics}
    with more:
        left, right = st.columns(2, gap="large")
        with left:
            show_table(evaluation.side_by_side(by_name), index=True)
            offer_csv(evaluation.metric_table(by_name), "all-metrics")
        draw(metric_intervals(by_name), "all-metrics", right)
        show_predictive_values(by_name, bind=False)
        if metrics["auc"] is None:
            return
        left, right = st.columns(2, gap="large")
        show_precision_recall([predictions], by_name, left)
        with right:
            show_specificities([predictions])
            st.caption(_("Read from the curves above, for description only."))
        show_distributions([predictions], {predictions.name: measurement.readings.threshold})
