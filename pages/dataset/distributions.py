"""Differences that a model can learn instead of the lungs: mean images, brightness, contrast, size."""

import numpy as np
import streamlit as st

from core.dataset import Dataset, class_images
from core.figures.dataset import distribution
from pages.dataset.statistics import statistics_of
from pages.shared.charts import in_language
from pages.shared.one_of import one_of
from pages.shared.texts import _

STATISTICS = {
    "brightness": _("brightness"),
    "contrast": _("contrast"),
    "aspect ratio": _("aspect ratio"),
    "width": _("width"),
    "height": _("height"),
}


def show_distributions(dataset: Dataset) -> None:
    """Mean images of each class, and the distribution of one statistic."""
    st.caption(
        _(
            "A model can learn these differences instead of the lungs. Check whatever differs between "
            "classes or splits."
        )
    )
    pictures, curves = st.columns([1, 1.4], gap="large")
    with pictures.container(key="class-images"):
        for label, (mean, deviation) in _class_images(dataset.fingerprint, dataset).items():
            left, right = st.columns(2)
            left.image(mean, _("{label}: mean").format(label=label.lower()), width="stretch")
            right.image(
                deviation, _("{label}: standard deviation").format(label=label.lower()), width="stretch"
            )
    with curves:
        statistic = one_of(_("Statistic"), STATISTICS, default="brightness", key="statistic", wrap=True)
        values = statistics_of(dataset.fingerprint, dataset)
        st.plotly_chart(
            in_language(distribution(values, statistic)), config={"displaylogo": False}, key="distribution"
        )


@st.cache_data(show_spinner=_("Averaging all images ..."), max_entries=10)
def _class_images(fingerprint: str, _dataset: Dataset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation of each class as uint8 images, the latter scaled to its maximum."""
    return {
        label: (mean.astype("uint8"), (deviation * 255 / max(deviation.max(), 1)).astype("uint8"))
        for label, (mean, deviation) in class_images(_dataset).items()
    }
