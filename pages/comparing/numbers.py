"""Metrics with intervals, raw counts, predictive values."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.config import THRESHOLD
from core.evaluation import Predictions
from core.figures import comparison as figures
from pages.comparing.differences import differences
from pages.comparing.selection import BY_CONTENT, PLAIN, Selection


def numbers(selection: Selection) -> None:
    """Metrics with intervals, raw counts, predictive values, differences."""
    metrics, intervals = measured(selection.models, selection.thresholds)
    half = {model.name: THRESHOLD for model in selection.baselines}
    told, told_intervals = measured(selection.baselines, half)
    side_by_side(metrics | told, intervals | told_intervals, selection.split)
    if told:
        st.caption(
            "*No lungs*: gradient boosting on the corners, the frame or the histogram of the same training "
            "films, at 0.5. A model that is not better may not read lungs."
        )
    st.plotly_chart(figures.metric_points(metrics, intervals), config=PLAIN, key="points")
    st.subheader("Confusion matrices")
    for column, (name, values) in zip(st.columns(len(metrics)), metrics.items(), strict=True):
        column.plotly_chart(
            figures.confusion(values["confusion_matrix"], name), key=f"matrix-{name}", config=PLAIN
        )
    at_prevalence(metrics)
    differences(selection)


def measured(models: list[Predictions], thresholds: dict[str, float]) -> tuple[dict, dict]:
    """Metrics and their intervals, by name of the model."""
    metrics, intervals = {}, {}
    for model in models:
        threshold = thresholds[model.name]
        metrics[model.name] = evaluation.evaluate(model.labels, model.probabilities, threshold)
        intervals[model.name] = bounds(model, threshold)
    return metrics, intervals


def side_by_side(metrics: dict, intervals: dict, split: str) -> None:
    """A table, a column a model, and the same as CSV."""
    shown = pd.DataFrame(
        {
            name: [
                with_interval(values[metric], intervals[name][metric], metric)
                for metric in figures.METRIC_TITLES
            ]
            + [f"{values['n']:,}"]
            for name, values in metrics.items()
        },
        index=[*figures.METRIC_TITLES.values(), "Images"],
    )
    st.dataframe(shown, width="stretch", height=35 * (len(shown) + 1) + 3)
    st.caption(
        "In brackets 95 % intervals: Wilson's for proportions, for the rest 2,000 bootstrap resamples of "
        "whole patients."
    )
    table = exported(metrics, intervals)
    st.download_button("CSV", table, f"comparison-{split}.csv", icon=":material/download:")


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=BY_CONTENT)
def bounds(model: Predictions, threshold: float) -> dict:
    """Intervals of a model's metrics."""
    return evaluation.intervals(model.labels, model.probabilities, model.patients, threshold)


def with_interval(value: float | None, interval: tuple[float, float] | None, metric: str) -> str:
    """A metric for people; a dash where the images cannot tell."""
    if value is None:
        return "–"
    if metric in ("auc", "average_precision", "loss", "brier", "ece"):
        return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")
    return f"{value:.1%}" + (f" ({interval[0]:.1%} to {interval[1]:.1%})" if interval else "")


def exported(metrics: dict, intervals: dict) -> bytes:
    """The table as CSV: one row a metric and model, with its interval."""
    rows = [
        {"model": name, "metric": metric, "value": values[metric], "low": low, "high": high}
        for name, values in metrics.items()
        for metric in figures.METRIC_TITLES
        for low, high in [intervals[name][metric] or (None, None)]
    ]
    return pd.DataFrame(rows).to_csv(index=False).encode()


def at_prevalence(metrics: dict[str, dict]) -> None:
    """What a positive and a negative answer mean where the disease is rarer than in this set."""
    st.subheader("What an answer means where you work")
    prevalence = st.slider(
        "Of 100 children filmed, how many have pneumonia?", 1, 99, 20, key="prevalence", width=420
    )
    for name, values in metrics.items():
        if values["recall"] is None or values["specificity"] is None:
            continue
        meaning = evaluation.predictive_values(values["recall"], values["specificity"], prevalence / 100)
        if meaning is None:
            st.markdown(f"**{name}** calls every film the same: its answers mean nothing.")
            continue
        ppv, npv = meaning
        st.markdown(
            f"**{name}**: of 100 films flagged, **{100 * ppv:.0f}** show pneumonia; of 100 films cleared, "
            f"**{100 * (1 - npv):.0f}** show it all the same."
        )
