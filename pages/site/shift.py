"""What differs between local images and the training images, with examples."""

import pandas as pd
import streamlit as st

from core.site import Shift, ShiftSearch, blinded, p_text
from pages.shared.charts import offer_csv
from pages.shared.markdown import escaped
from pages.shared.tables import show_table
from pages.shared.texts import _
from pages.site.thumbnails import show_thumbnails

EXAMPLES = 3  # of the largest shifts


def show_shift(search: ShiftSearch, files: list[str]) -> None:
    """The largest shifts in words, each with the nearest and the farthest image, then every number.

    Args:
        search: of the measurement.
        files: paths of its images; none where they are not chosen any more.
    """
    st.subheader(_("Shift against the training images"))
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in search.sentences()))
    if search.shown and files:
        by_digest = blinded(files)
        for shift, column in zip(search.shown[:EXAMPLES], st.columns(EXAMPLES), strict=False):
            with column:
                _show_examples(shift, by_digest)
    if search.shifts:
        with st.expander(_("All numbers")):
            show_table(_table(search))
            st.caption(
                _(
                    "Welch's t test of one image per patient against mean and standard deviation of the "
                    "training images; p values after Holm's correction for all numbers."
                )
            )
        offer_csv(pd.DataFrame(search.values()), "shifts")


def _show_examples(shift: Shift, by_digest: dict[str, str]) -> None:
    """The image most like the training images, and the one farthest off."""
    st.markdown(f"**{escaped(shift.name.capitalize())}** {shift.effect:+.1f}")
    images = ((shift.nearest, _("Most like training")), (shift.farthest, _("Least like training")))
    show_thumbnails((by_digest[sha256], caption) for sha256, caption in images if sha256 in by_digest)


def _table(search: ShiftSearch) -> pd.DataFrame:
    """The shifts as they are read."""
    rows = []
    for shift in search.shifts:
        low, high = shift.interval
        rows.append(
            {
                _("Number"): shift.name.capitalize(),
                _("Shift, standard deviations"): f"{shift.effect:+.2f}",
                _("95% interval"): _("{low:+.2f} to {high:+.2f}").format(low=low, high=high),
                "p": p_text(shift.p),
                _("Patients"): shift.patients,
            }
        )
    return pd.DataFrame(rows)
