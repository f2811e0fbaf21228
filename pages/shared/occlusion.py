"""What hiding parts of the images does to models, and how much of their heat maps lies in the lungs."""

import pandas as pd
import streamlit as st

from core.figures.metric_intervals import occlusion_differences
from pages.shared.charts import draw, offer_csv
from pages.shared.tables import show_table
from pages.shared.texts import _


def show_occlusion(table: pd.DataFrame, name: str) -> None:
    """The effects of hiding parts, as a figure and as a table.

    Args:
        table: of `core.comparison.occlusion_table`.
        name: of the images, for the file.
    """
    tested = table.dropna(subset="difference")
    if len(tested):
        draw(occlusion_differences(tested), "occlusion")
    show_table(table)
    st.caption(
        _(
            "The border (the outer 15% of each side), the corners (a quarter of each side), the lungs, or "
            "all but the lungs are replaced by the mean grey of the rest; the decision threshold stays the "
            "same. Lungs are hidden only in images where they were found. 95% intervals and p values by "
            "DeLong's test, not corrected for multiple testing. There is no lung in the corners: a model "
            "that gets much worse without them relies on something else, and so does one that stays good "
            "without the lungs. But no training image has a grey part, which may explain some of the change."
        )
    )
    offer_csv(table, f"hidden-{name}")


def show_heat_shares(table: pd.DataFrame, name: str) -> None:
    """How much of each model's heat maps lies in the lungs; nothing where it is unknown.

    Args:
        table: of `core.comparison.heat_share_table`.
        name: of the images, for the file.
    """
    if table.empty:
        return
    st.subheader(_("Heat maps and lungs"))
    show_table(table)
    st.caption(
        _(
            "Mean share of the heat that lies in the lungs, over the images whose lungs were found. 95% "
            "intervals by bootstrap over patients. The map has 8 x 8 cells and no sharp edges, so some "
            "of it always lies outside."
        )
    )
    offer_csv(table, f"heat-in-lungs-{name}")
