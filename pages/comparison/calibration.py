"""The calibration section."""

import pandas as pd
import streamlit as st

from core import evaluation
from core.comparison import ModelComparison
from core.figures.calibration import reliability_diagram
from pages.comparison.splits import SPLITS
from pages.shared.charts import draw, offer_csv
from pages.shared.tables import show_table
from pages.shared.texts import _


def show_calibration(comparison: ModelComparison) -> None:
    """How many images of each predicted probability have pneumonia, and what temperature scaling does."""
    table = evaluation.calibration_table(comparison.models, comparison.validation)
    bins = comparison.reliability(table["temperature"])
    left, right = st.columns([3, 2], gap="large")
    draw(reliability_diagram(bins), "reliability", left)
    with right:
        st.markdown(
            _("**How many of the {split} images have pneumonia, by predicted probability**").format(
                split=SPLITS[comparison.split]
            )
        )
        show_table(positives_by_range(bins), index=True)
    show_table(evaluation.calibration_text(table).T, index=True)
    st.caption(
        _(
            "Temperature scaling divides the log-odds by one number, fitted on validation. A temperature "
            "above 1 makes probabilities less extreme; their order and the ROC curve stay the same. "
            "Figure and counts are after scaling, as diagnosis shows it. Error bars: Wilson's 95% "
            "intervals. Slope and intercept are after scaling, too, with 95% intervals by patient: 1 and 0 "
            "are perfect; a slope below 1 means too extreme, an intercept below 0 too high on the whole."
        )
    )
    offer_csv(table, f"calibration-{comparison.split}", index=True)


def positives_by_range(bins: dict[str, list[dict]]) -> pd.DataFrame:
    """Images with pneumonia of all images, one row for each range of probabilities, one column per model."""
    counts = {
        name: {
            tuple(row["range"]): _("{positives:,} of {total:,}").format(
                positives=row["positives"], total=row["n"]
            )
            for row in rows
        }
        for name, rows in bins.items()
    }
    table = pd.DataFrame(counts).fillna("–").sort_index()
    titles = [_("{low:.0%} to {high:.0%}").format(low=low, high=high) for low, high in table.index]
    return table.set_axis(titles)
