"""What is in a data set, what is wrong with it, and what training sees of it."""

from math import ceil

import numpy as np
import pandas as pd
import streamlit as st

from core.config import CLASS_NAMES, PRESETS
from core.dataset import Dataset, augmented_views, counts
from core.figures.dataset import class_balance
from pages.choosing import choose_dataset
from pages.seeing.audit import show_audit
from pages.seeing.distributions import show_distributions

IMAGES_A_PAGE = 24
VIEWS = 8
SECTIONS = ("Images", "Distributions", "Audit")


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
    else:
        rows = browse(dataset)
        if len(rows):
            augmentation(dataset, rows)


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


@st.cache_data(show_spinner=False, max_entries=50)
def filtered(fingerprint: str, split: str | None, label: str | None, _dataset: Dataset) -> np.ndarray:
    """Row numbers of a split and class; computed once, not in every rerun."""
    table = _dataset.table
    chosen = np.ones(len(table), bool)
    if split:
        chosen &= (table["split"] == split).to_numpy()
    if label:
        chosen &= (table["label"] == label).to_numpy()
    return np.flatnonzero(chosen)


def browse(dataset: Dataset) -> np.ndarray:
    """A grid of images, filtered, in pages; returns the rows of the page shown."""
    st.subheader("Images")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        splits = list(summary(dataset.fingerprint, dataset)["counts"])
        split = st.segmented_control("Split", splits, key="split", bind="query-params")
        label = st.segmented_control("Class", CLASS_NAMES, key="label", bind="query-params")
    rows = filtered(dataset.fingerprint, split, label, dataset)
    if not len(rows):
        st.info("No image is of that split and class. Choose others.")
        return rows
    pages = ceil(len(rows) / IMAGES_A_PAGE)
    page = st.pagination(pages, key=f"page-{dataset.fingerprint[:8]}-{split}-{label}")
    shown = rows[(page - 1) * IMAGES_A_PAGE : page * IMAGES_A_PAGE]
    st.caption(f"{len(rows):,} images, as the network sees them: 128 x 128 pixels.")
    with st.grid(min_column_width=112, gap="xsmall"):
        for row in shown:
            st.image(dataset.pixels[row], caption(dataset, row), width="stretch")
    return shown


def caption(dataset: Dataset, row: int) -> str:
    """Whose film it is, in a few characters; the class where that is unknown."""
    film = dataset.table.iloc[row]
    return film["patient"] or film["label"].lower()


def augmentation(dataset: Dataset, rows: np.ndarray) -> None:
    """An image beside the views of it that training sees."""
    st.subheader("What training sees")
    image, name = st.columns(2)
    names = {int(row): dataset.table.at[row, "path"] for row in rows}
    row = image.selectbox("Image of this page", list(names), format_func=names.get)
    chosen = name.selectbox("Augmentation of preset", list(PRESETS))
    settings = PRESETS[chosen].settings()
    pixels = np.repeat(dataset.pixels[row][np.newaxis], VIEWS, axis=0)
    digest = dataset.table.at[row, "sha256"]
    views = augmented_views(
        pixels, [digest] * VIEWS, list(range(VIEWS)), settings.augmentation, settings.seed
    )
    captions = ["original", *(f"view {number + 1}" for number in range(VIEWS))]
    with st.grid(VIEWS // 2 + 1, min_column_width=120, gap="xsmall"):
        for picture, name in zip([dataset.pixels[row], *views], captions, strict=True):
            st.image(picture, name, width="stretch")


main()
