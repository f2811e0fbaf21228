"""Tests of whether the models differ, as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import evaluation
from core.evaluation import PairwiseTest
from pages.shared.charts import offer_csv
from pages.shared.tables import show_table
from pages.shared.texts import _, translated


def show_differences(tests: Sequence[PairwiseTest], file: str) -> None:
    """Every tested pair of models.

    Args:
        tests: of `core.evaluation.pairwise_tests`.
        file: name of the download.
    """
    show_table(pd.DataFrame(map(_row, evaluation.difference_rows(tests))))
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


def _row(row: dict[str, str]) -> dict[str, str | None]:
    """A tested pair in as few columns as a phone has room for."""
    compared = "By" in row
    return {
        _("Metric"): row["Metric"],
        _("Models"): row["Models"],
        _("Higher"): row["Higher"],
        _("By (95% interval)"): f"{translated(row['By'])} ({row['95% interval']})" if compared else None,
        _("P, significant"): f"{row['P']}, {translated(row['Significant'])}" if compared else None,
    }
