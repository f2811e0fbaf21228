"""The errors of the model on local images, the most confident first."""

import streamlit as st

from core.evaluation import percent
from core.site import SiteMeasurement, misclassified_images
from pages.shared.texts import _
from pages.site.thumbnails import show_thumbnails

MAX_SHOWN = 24
BLIND = _("Do not open this before you have labelled the images: it shows results and labels.")


@st.fragment  # so that the switch draws nothing else anew
def show_errors(measurement: SiteMeasurement, files: list[str]) -> None:
    """A switch that shows the misclassified images.

    Args:
        measurement: of the model.
        files: paths of its images.
    """
    if not files or measurement.predictions is None:
        return
    st.subheader(_("Errors"))
    errors = misclassified_images(measurement, files)
    if errors.empty:
        st.caption(_("No result contradicts its label."))
        return
    if not st.toggle(
        _("Show misclassified images ({count:,})").format(count=len(errors)), key="site-errors", help=BLIND
    ):
        return
    rows = errors.head(MAX_SHOWN)
    show_thumbnails(
        (file, f"{label}, {percent(probability)}")
        for file, label, probability in zip(rows["file"], rows["label"], rows["probability"], strict=True)
    )
    sentence = _("The label, and the probability of pneumonia; the most confident errors first.")
    st.caption(
        _("{sentence} The first {shown} are shown.").format(sentence=sentence, shown=MAX_SHOWN)
        if len(errors) > MAX_SHOWN
        else sentence
    )
