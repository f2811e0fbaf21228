"""Whether the models differ, tested and said in words."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.evaluation import MEASURES
from pages.comparing.selection import Selection


def differences(selection: Selection) -> None:
    """Every pair, tested, in a table and in words."""
    st.subheader("Differences")
    if len(selection.models) < 2:
        st.caption("Choose two models or more to test whether they differ.")
        return
    found = evaluation.compare(selection.models, selection.thresholds)
    for item in found:
        st.markdown(f"- {item.sentence()}")
    rows = pd.DataFrame(
        [
            {
                "measure": MEASURES[item.measure],
                "second minus first": f"{item.second} minus {item.first}",
                "difference": item.difference.value,
                "low": item.difference.interval[0],
                "high": item.difference.interval[1],
                "p": item.difference.p_value,
                "p after Holm": item.adjusted,
            }
            for item in found
            if item.difference
        ]
    )
    with st.expander("The tests"):
        st.dataframe(rows.style.format(precision=4), hide_index=True)
        st.caption(
            "ROC AUC by DeLong's test, the others by McNemar's exact test with Newcombe's paired intervals. "
            "P values are corrected by Holm for the pairs compared on a measure. All count images, not "
            "patients, as independent."
        )
        st.download_button(
            "CSV",
            rows.to_csv(index=False).encode(),
            f"differences-{selection.split}.csv",
            icon=":material/download:",
        )
