"""Metrics with intervals, raw counts, predictive values."""

import streamlit as st

from core import evaluation
from core.config import THRESHOLD
from core.evaluation import Predictions
from core.figures import comparison as figures
from core.runs import differing_in_seed, list_runs
from core.study import Study
from pages.comparing.differences import differences
from pages.comparing.matrices import matrices
from pages.comparing.pictures import BY_CONTENT, draw


def numbers(study: Study) -> None:
    """Metrics with intervals, raw counts, predictive values, differences."""
    found = {model.name: measured(model, study.thresholds[model.name]) for model in study.models}
    told = {model.name: measured(model, THRESHOLD) for model in study.baselines}
    table(found | told, study.split)
    if told:
        st.caption(
            "*No lungs*: gradient boosting on the corners, the frame or the histogram of the same training "
            "films, at 0.5. A model that is not better may not read lungs."
        )
    draw(figures.metric_points(found), "points")
    seeds(study.split)
    matrices(study, found)
    at_prevalence(found)
    differences(study)


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=BY_CONTENT)
def measured(model: Predictions, threshold: float) -> dict:
    """Metrics of a model and their intervals; resampled once, not in every rerun."""
    return evaluation.measured(model, threshold)


def table(found: dict[str, dict], split: str) -> None:
    """A table, a column a model, and the same as CSV."""
    shown = evaluation.side_by_side(found)
    st.dataframe(shown, width="stretch", height=35 * (len(shown) + 1) + 3)
    st.caption(
        "In brackets 95 % intervals: Wilson's for proportions, for the rest 2,000 bootstrap resamples of "
        "whole patients."
    )
    csv = evaluation.metric_table(found).to_csv(index=False).encode()
    st.download_button("CSV", csv, f"comparison-{split}.csv", icon=":material/download:")


def seeds(split: str) -> None:
    """Runs that differ only in their seed, folded into a row each: mean and spread."""
    groups = {
        f"Stage {stage} · {len(group)} seeds of {group[-1].name}": [
            run.evaluation()[stage][split] for run in group
        ]
        for group in differing_in_seed(list_runs())
        for stage in sorted(set.intersection(*(set(run.evaluation()) for run in group)))
        if all(split in run.evaluation()[stage] for run in group)
    }
    if not groups:
        return
    st.subheader("Over seeds")
    folded = evaluation.over_seeds(groups)
    words = [
        evaluation.in_words(row["mean"], None, row["metric"])
        + f" (SD {evaluation.in_words(row['standard_deviation'], None, row['metric'])})"
        for _, row in folded.iterrows()
    ]
    wide = folded.assign(words=words).pivot(index="model", columns="metric", values="words")
    st.dataframe(wide[list(evaluation.METRICS)].rename(columns=evaluation.METRICS))
    st.caption("Runs that differ in their seed alone: mean and standard deviation, at a threshold of 0.5.")


def at_prevalence(found: dict[str, dict]) -> None:
    """What a positive and a negative answer mean where the disease is rarer than in this set."""
    st.subheader("What an answer means where you work")
    prevalence = st.slider(
        "Of 100 children filmed, how many have pneumonia?", 1, 99, 20, key="prevalence", width=420
    )
    for name, values in found.items():
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
