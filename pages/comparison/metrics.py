"""The metrics section: the verdict, the models side by side, and every number one click away."""

import streamlit as st

from core import evaluation
from core.comparison import ModelComparison, verdict
from core.config import THRESHOLD
from core.evaluation import METRICS, Predictions
from core.figures.metric_intervals import metric_intervals
from core.runs import differing_in_seed, list_runs
from pages.comparison.model_columns import show_models
from pages.comparison.zones import show_zones
from pages.shared.charts import BY_CONTENT, draw, offer_csv
from pages.shared.differences import show_differences
from pages.shared.predictive_values import show_predictive_values
from pages.shared.tables import show_table
from pages.shared.texts import _, translated

BASELINES = _(
    "*Shortcut baseline*: gradient boosting on the corners, the border or the histogram of the same "
    "training images, at a decision threshold of 0.5. A model no better than these may not be using "
    "the lungs."
)


def show_metrics(comparison: ModelComparison) -> None:
    """What the comparison comes to, then the models side by side, then everything that is a number."""
    metrics = {model.name: evaluated(model, comparison.thresholds[model.name]) for model in comparison.models}
    tests = evaluation.pairwise_tests(comparison.models, comparison.thresholds)
    show_verdict(comparison, metrics, tests)
    show_models(comparison, metrics)
    show_predictive_values(metrics, bind=True)
    # What is drawn in a closed part costs the browser as much as what is seen.
    every = st.expander(_("All metrics"), key="all-metrics", bind="query-params")
    if every.open:
        with every:
            show_all(comparison, metrics)
    zones = st.expander(_("Zones: rule out, undecided, rule in"), key="zones", bind="query-params")
    if zones.open:
        with zones:
            show_zones(comparison)
    if tests:
        tested = st.expander(_("Differences, tested"), key="differences", bind="query-params")
        if tested.open:
            with tested:
                show_differences(tests, f"differences-{comparison.split}")
    show_seeds(comparison.split)


def show_all(comparison: ModelComparison, metrics: dict[str, dict]) -> None:
    """Every metric of the models and of the shortcut baselines, as a table and as a figure."""
    baselines = {model.name: evaluated(model, THRESHOLD) for model in comparison.baselines}
    show_table(evaluation.side_by_side(metrics), index=True)
    if baselines:
        show_table(evaluation.side_by_side(baselines), index=True)
        st.caption(BASELINES)
    st.caption(
        _(
            "95% intervals in brackets: Wilson's for proportions; otherwise from 2,000 bootstrap "
            "resamples of whole patients, unless resamples cannot tell: with few patients, or where "
            "there is no error."
        )
    )
    offer_csv(evaluation.metric_table(metrics | baselines), f"comparison-{comparison.split}")
    draw(metric_intervals(metrics), "metrics")


def show_verdict(
    comparison: ModelComparison, metrics: dict[str, dict], tests: list[evaluation.PairwiseTest]
) -> None:
    """Which model is better, by how much, how sure that is."""
    first, *others = list(map(translated, verdict(comparison, metrics, tests))) or [
        _("The models cannot be ranked on these images.")
    ]
    with st.container(border=True):
        st.markdown(f"**{first}** {' '.join(others)}")


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=BY_CONTENT)
def evaluated(model: Predictions, threshold: float) -> dict:
    """Metrics of a model with intervals, cached across reruns."""
    return evaluation.evaluate_with_intervals(model, threshold)


def show_seeds(split: str) -> None:
    """Runs that differ only in their seed: mean and spread of each metric."""
    groups = {
        _("Stage {stage} · {count} seeds of {run}").format(
            stage=stage, count=len(group), run=group[-1].name
        ): [run.results.evaluation()[stage][split] for run in group]
        for group in differing_in_seed(list_runs())
        for stage in sorted(set.intersection(*(set(run.results.evaluation()) for run in group)))
        if all(split in run.results.evaluation()[stage] for run in group)
    }
    if not groups:
        return
    st.subheader(_("Over seeds"))
    spread = evaluation.over_seeds(groups)
    texts = [
        _("{mean} (SD {deviation})").format(
            mean=METRICS[row["metric"]].text(row["mean"]),
            deviation=METRICS[row["metric"]].text(row["standard_deviation"]),
        )
        for _index, row in spread.iterrows()
    ]
    table = spread.assign(text=texts).pivot(index="metric", columns="model", values="text")
    titles = {name: metric.title for name, metric in METRICS.items() if name in table.index}
    table = table.loc[list(titles), list(groups)].rename(index=titles)
    show_table(table.rename_axis(index=None, columns=None), index=True)
    st.caption(_("Runs that differ only in their seed: mean and standard deviation, at a threshold of 0.5."))
