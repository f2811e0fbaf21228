"""The calibration section."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from core.figures.calibration import reliability_diagram
from pages.shared.charts import draw, offer_csv


def show_calibration(comparison: ModelComparison) -> None:
    """How many images of each predicted probability have pneumonia, and what temperature scaling does."""
    table = evaluation.calibration_table(comparison.models, comparison.validation)
    bins = comparison.reliability(table["temperature"])
    left, right = st.columns([3, 2], gap="large")
    draw(reliability_diagram(bins), "reliability", left)
    with right:
        st.markdown(f"**How many of the {comparison.split} images have pneumonia, by predicted probability**")
        st.dataframe(_counts(bins))
    st.dataframe(table.style.format(precision=3))
    st.caption(
        "Temperature scaling divides the log-odds by one number, fitted on validation. A temperature above 1 "
        "makes probabilities less extreme; their order and the ROC curve stay the same. Figure and counts "
        "are after scaling, as diagnosis shows it. Error bars: Wilson's 95% intervals."
    )
    offer_csv(table, f"calibration-{comparison.split}", index=True)


def _counts(bins: dict[str, list[dict]]) -> pd.DataFrame:
    """Images with pneumonia of all images, one row for each range of probabilities, one column per model."""
    counts = {
        name: {
            f"{row['range'][0]:.0%} to {row['range'][1]:.0%}": f"{row['positives']} of {row['n']}"
            for row in rows
        }
        for name, rows in bins.items()
    }
    table = pd.DataFrame(counts).fillna("–")
    return table.loc[sorted(table.index, key=lambda text: int(text.partition("%")[0]))]
