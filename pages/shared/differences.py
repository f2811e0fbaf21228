"""Tests of whether the models differ, as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import evaluation
from core.evaluation import PairwiseTest
from pages.shared.charts import offer_csv
from pages.shared.tables import show_table
from pages.shared.texts import _

TITLES = {
    "Metric": _("Metric"),
    "Models": _("Models"),
    "Higher": _("Higher"),
    "By": _("By"),
    "95% interval": _("95% interval"),
    "Significant": _("Significant"),
}


def show_differences(tests: Sequence[PairwiseTest], file: str) -> None:
    """Every tested pair of models.

    Args:
        tests: of `core.evaluation.pairwise_tests`.
        file: name of the download.
    """
    show_table(pd.DataFrame(evaluation.difference_rows(tests)).rename(columns=TITLES))
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
