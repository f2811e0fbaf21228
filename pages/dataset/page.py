"""The dataset page: the images, what the model sees of them, their distributions, and the audit."""

import pandas as pd
import streamlit as st

from core.dataset import Dataset, counts
from core.figures.dataset import class_balance
from pages.dataset.audit import show_audit
from pages.dataset.augmentation import show_augmentation
from pages.dataset.browse import browse
from pages.dataset.distributions import show_distributions
from pages.shared.dataset_picker import choose_dataset
from pages.shared.markdown import escaped

SECTIONS = ("Images", "What the model sees", "Distributions", "Audit")


def main() -> None:
    """Choose a data set, then show one section of it."""
    st.title("Dataset")
    dataset = choose_dataset()
    if dataset is None:
        return
    if dataset.synthetic:
        st.warning(
            "**SYNTHETIC** data set: these images were drawn by a program. They show how the app works "
            "and prove nothing about real X-rays.",
            icon=":material/draw:",
        )
    overview(dataset)
    section = st.segmented_control(
        "Section", SECTIONS, default=SECTIONS[0], required=True, key="section", label_visibility="collapsed"
    )
    if section == "Distributions":
        show_distributions(dataset)
    elif section == "Audit":
        show_audit(dataset)
    elif section == "What the model sees":
        show_augmentation(dataset)
    else:
        browse(dataset)


def overview(dataset: Dataset) -> None:
    """Number of images by split and class, and problems with the data set."""
    left, right = st.columns([1, 2], gap="large")
    by_split = summary(dataset.fingerprint, dataset)
    with left:
        images, patients = st.columns(2)
        images.metric("Images", f"{len(dataset.table):,}", border=True)
        patients.metric("Patients", f"{by_split['patients']:,}", border=True)
        if dataset.problems:
            with st.expander(_problems_title(dataset), icon=":material/warning:"):
                st.dataframe(
                    pd.DataFrame(dataset.problems, columns=["path", "message"]),
                    hide_index=True,
                    column_config={"path": "File", "message": "Problem"},
                )
        else:
            st.success("No problems found.", icon=":material/check_circle:")
        for sentence in dataset.passed_over:
            st.caption(escaped(sentence))
    with right:
        st.plotly_chart(class_balance(by_split["counts"]), config={"displaylogo": False})


def _problems_title(dataset: Dataset) -> str:
    count = len(dataset.problems)
    return "1 problem found" if count == 1 else f"{count} problems found"


@st.cache_data(show_spinner=False, max_entries=20)
def summary(fingerprint: str, _dataset: Dataset) -> dict:
    """Counts of a data set, computed once rather than in every rerun."""
    patients = _dataset.table["patient"]
    known = patients[patients != ""].nunique() + int((patients == "").sum())
    return {"counts": counts(_dataset), "patients": known}


main()
