"""Tests of whether the models differ, as sentences and as a table."""

import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from pages.comparison.charts import offer_csv


def show_differences(comparison: ModelComparison) -> None:
    """Every pair of models, tested."""
    st.subheader("Differences")
    if len(comparison.models) < 2:
        st.caption("Choose two or more models to test whether they differ.")
        return
    tests = evaluation.pairwise_tests(comparison.models, comparison.thresholds)
    for test in tests:
        st.markdown(f"- {test.sentence()}")
    table = evaluation.difference_table(tests)
    with st.expander("Test results"):
        st.dataframe(table.style.format(precision=4), hide_index=True)
        st.caption(
            "ROC AUC: DeLong's test. Other metrics: McNemar's exact test with Newcombe's paired intervals. P "
            "values are corrected by Holm's method across the pairs tested on each metric. All tests treat "
            "images, not patients, as independent."
        )
        offer_csv(table, f"differences-{comparison.split}")
