"""Choosing, saving and deleting a cohort in the image browser."""

import numpy as np
import streamlit as st

from core.dataset import Dataset, delete_cohort, read_cohorts, save_cohort
from core.errors import UserError
from core.roles import may
from pages.shared.failures import failures_told, show_error
from pages.shared.texts import _, ngettext

ALL_IMAGES = _("all images")


def choose_cohort(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Restrict `rows` to the chosen cohort, and offer to save what is left as a new one; says how many."""
    cohorts = read_cohorts(dataset.root)
    with st.container(horizontal=True, vertical_alignment="center", key="cohorts"):
        chosen = st.selectbox(
            _("Cohort"),
            [ALL_IMAGES, *cohorts],
            key=f"cohort-{dataset.fingerprint[:8]}",
            width=220,
            label_visibility="collapsed",
        )
        if chosen != ALL_IMAGES:
            rows = rows[dataset.table["sha256"].iloc[rows].isin(cohorts[chosen])]
            if may(delete_cohort) and st.button(_("Delete"), icon=":material/delete:"):
                failures_told(delete_cohort)(dataset.root, chosen)
                st.rerun(scope="fragment")
        if may(save_cohort):
            _offer_to_save(dataset, rows)
        if len(rows):
            st.caption(
                ngettext(
                    "{count:,} image at the model's resolution. Click it to see it in full.",
                    "{count:,} images at the model's resolution. Click an image to see it in full.",
                    len(rows),
                ).format(count=len(rows)),
                width="content",
            )
    return rows


def _offer_to_save(dataset: Dataset, rows: np.ndarray) -> None:
    with st.popover(_("Save as cohort"), icon=":material/bookmark_add:"):
        st.caption(
            _("Saves these {count:,} images under a name, for browsing, training and comparison.").format(
                count=len(rows)
            )
        )
        name = st.text_input(_("Name of the cohort")).strip()
        if st.button(_("Save"), key="save-cohort", disabled=not name):
            _save(dataset, name, rows)


def _save(dataset: Dataset, name: str, rows: np.ndarray) -> None:
    try:
        save_cohort(dataset, name, rows)
    except UserError as error:
        show_error(error)
        return
    st.toast(
        _("Cohort {name} saved with {count:,} images.").format(name=name, count=len(rows)),
        icon=":material/bookmark:",
    )
    st.rerun(scope="fragment")
