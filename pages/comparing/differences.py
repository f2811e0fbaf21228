"""Whether the models differ, tested and said in words."""

import streamlit as st

from core import evaluation
from core.study import Study


def differences(study: Study) -> None:
    """Every pair, tested, in a table and in words."""
    st.subheader("Differences")
    if len(study.models) < 2:
        st.caption("Choose two models or more to test whether they differ.")
        return
    found = evaluation.compare(study.models, study.thresholds)
    for item in found:
        st.markdown(f"- {item.sentence()}")
    table = evaluation.difference_table(found)
    with st.expander("The tests"):
        st.dataframe(table.style.format(precision=4), hide_index=True)
        st.caption(
            "ROC AUC by DeLong's test, the others by McNemar's exact test with Newcombe's paired intervals. "
            "P values are corrected by Holm for the pairs compared on a measure. All count images, not "
            "patients, as independent."
        )
        csv = table.to_csv(index=False).encode()
        st.download_button("CSV", csv, f"differences-{study.split}.csv", icon=":material/download:")
