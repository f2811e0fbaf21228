"""What a classifier can learn instead of lungs: mean images, brightness, contrast, size."""

import streamlit as st

from core.dataset import Dataset, class_images
from core.figures.dataset import distribution
from pages.seeing.looks import looks_of

LOOKS = ("brightness", "contrast", "aspect ratio", "width", "height")


def show_distributions(dataset: Dataset) -> None:
    """Draw them all."""
    st.caption(
        "A network can learn these instead of lungs. What differs between classes or splits deserves a look."
    )
    pictures, curves = st.columns([1, 1.4], gap="large")
    with pictures:
        for label, (mean, spread) in _class_images(dataset.fingerprint, dataset).items():
            left, right = st.columns(2)
            left.image(mean, f"{label.lower()}: mean", width="stretch")
            right.image(spread, f"{label.lower()}: standard deviation", width="stretch")
    with curves:
        look = st.segmented_control("Look", LOOKS, default=LOOKS[0], required=True, key="look")
        values = looks_of(dataset.fingerprint, dataset)
        st.plotly_chart(distribution(values, look), config={"displaylogo": False}, key="distribution")


@st.cache_data(show_spinner="Adding up all films ...", max_entries=10)
def _class_images(fingerprint: str, _dataset: Dataset) -> dict:
    found = class_images(_dataset)
    return {
        label: (mean.astype("uint8"), (spread * 255 / max(spread.max(), 1)).astype("uint8"))
        for label, (mean, spread) in found.items()
    }
