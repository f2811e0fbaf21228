"""Choosing, saving and deleting a cohort in the image browser."""

import numpy as np
import streamlit as st

from core.dataset import Dataset, delete_cohort, read_cohorts, save_cohort
from core.errors import UserError
from core.roles import may
from pages.shared.failures import failures_told

ALL_IMAGES = "all images"


def choose_cohort(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Restrict `rows` to the chosen cohort, and offer to save what is left as a new one; says how many."""
    cohorts = read_cohorts(dataset.root)
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.selectbox(
            "Cohort",
            [ALL_IMAGES, *cohorts],
            key=f"cohort-{dataset.fingerprint[:8]}",
            width=220,
            label_visibility="collapsed",
        )
        if chosen != ALL_IMAGES:
            rows = rows[dataset.table["sha256"].iloc[rows].isin(cohorts[chosen])]
            if may(delete_cohort):
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    on_click=failures_told(delete_cohort),
                    args=(dataset.root, chosen),
                )
        if may(save_cohort):
            _offer_to_save(dataset, rows)
        if len(rows):
            images = "1 image" if len(rows) == 1 else f"{len(rows):,} images"
            st.caption(
                f"{images} at the model's resolution. Click an image to see it in full.", width="content"
            )
    return rows


def _offer_to_save(dataset: Dataset, rows: np.ndarray) -> None:
    with st.popover("Save as cohort", icon=":material/bookmark_add:"):
        st.caption(f"Saves these {len(rows):,} images under a name, for browsing, training and comparison.")
        name = st.text_input("Name of the cohort").strip()
        if st.button("Save", key="save-cohort", disabled=not name):
            _save(dataset, name, rows)


def _save(dataset: Dataset, name: str, rows: np.ndarray) -> None:
    try:
        save_cohort(dataset, name, rows)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.toast(f"Cohort {name} saved with {len(rows):,} images.", icon=":material/bookmark:")
    st.rerun(scope="fragment")
