"""What is in a data set, what is wrong with it, and what the model sees of it."""

import pandas as pd
import streamlit as st

from core.dataset import Dataset, counts
from core.figures.dataset import class_balance
from pages.choosing import choose_dataset
from pages.seeing.audit import show_audit
from pages.seeing.augmentation import show_augmentation
from pages.seeing.browse import browse
from pages.seeing.distributions import show_distributions

SECTIONS = ("Images", "What the model sees", "Distributions", "Audit")


def main() -> None:
    st.title("Dataset")
    dataset = choose_dataset()
    if dataset is None:
        return
    if dataset.synthetic:
        st.warning(
            "**SYNTHETIC** set: these films were drawn by a program. They show how the app works "
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
    """Counts by split and class, and the problems found."""
    left, right = st.columns([1, 2], gap="large")
    by_split = summary(dataset.fingerprint, dataset)
    with left:
        images, patients = st.columns(2)
        images.metric("Images", f"{len(dataset.table):,}", border=True)
        patients.metric("Patients", f"{by_split['patients']:,}", border=True)
        if dataset.problems:
            with st.expander(f"{len(dataset.problems)} problems found", icon=":material/warning:"):
                st.dataframe(
                    pd.DataFrame(dataset.problems, columns=["path", "message"]),
                    hide_index=True,
                    column_config={"path": "File", "message": "Problem"},
                )
        else:
            st.success("No problems found.", icon=":material/check_circle:")
    with right:
        st.plotly_chart(class_balance(by_split["counts"]), config={"displaylogo": False})


@st.cache_data(show_spinner=False, max_entries=20)
def summary(fingerprint: str, _dataset: Dataset) -> dict:
    """Counts of a set; computed once, not in every rerun."""
    patients = _dataset.table["patient"]
    known = patients[patients != ""].nunique() + int((patients == "").sum())
    return {"counts": counts(_dataset), "patients": known}


main()
