"""Tests of whether the models differ, as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import evaluation
from core.evaluation import PairwiseTest
from pages.shared.charts import offer_csv
from pages.shared.texts import _, translated

COLUMNS = {
    "Metric": st.column_config.Column(_("Metric"), pinned=True),
    "Models": st.column_config.Column(_("Models")),
    "Higher": st.column_config.Column(_("Higher")),
    "By": st.column_config.Column(_("By")),
    "95% interval": st.column_config.Column(_("95% interval")),
    "Significant": st.column_config.Column(_("Significant")),
}


def show_differences(tests: Sequence[PairwiseTest], file: str) -> None:
    """Every tested pair of models.

    Args:
        tests: of `core.evaluation.pairwise_tests`.
        file: name of the download.
    """
    rows = [
        {title: translated(text) for title, text in row.items()} for row in evaluation.difference_rows(tests)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=COLUMNS)
    for sentence in dict.fromkeys(test.reason or test.caution for test in tests):
        if sentence:
            st.caption(sentence)
    st.caption(
        _(
            "ROC AUC: DeLong's test. Other metrics: McNemar's exact test with Newcombe's paired "
            "intervals. P values are corrected by Holm's method across the pairs tested on each metric. "
            "All tests treat images, not patients, as independent. A difference that is not significant "
            "does not show that the models are equally good."
        )
    )
    offer_csv(evaluation.difference_table(tests), file)
