"""The page on one hospital: how many images it takes, how well the model does on them, which threshold."""

import streamlit as st

from core.registry import active_model, missing_model
from pages.shared.header import header
from pages.shared.markdown import escaped
from pages.shared.next_step import offer_training
from pages.site.acceptance import show_acceptance
from pages.site.image_numbers import show_numbers
from pages.site.images import choose_images, images_to_label, nothing_chosen
from pages.site.labelling import show_labelling
from pages.site.measurement import last_measurement, offer_measurement, show_measurement
from pages.site.threshold import choose_threshold

MEASURE, THRESHOLD, ACCEPT, LABEL = "Measure", "Set the threshold", "Accept", "Label blinded"
NUMBERS = "How many do I need?"


def main() -> None:
    """Choose local images, then show one section; without images, how many it takes."""
    header(
        "Your hospital",
        "No published figure tells whether a model holds in your department: measure it on labelled images.",
        "Nothing leaves this computer. Kept on it: readers' names and labels, who wrote criteria, digests of "
        "images, and uploaded zips. Without images, the page says how many it takes.",
    )
    active = active_model()
    if active is None:
        offer_training(escaped(missing_model()))
        return
    local = choose_images()
    if nothing_chosen() and last_measurement(None) is None:
        st.subheader(NUMBERS)
        show_numbers(None)
        return
    section = st.segmented_control(
        "Section",
        [MEASURE, THRESHOLD, ACCEPT, LABEL, NUMBERS],
        default=MEASURE if local else LABEL,
        required=True,
        key="site-section",
        label_visibility="collapsed",
    )
    if section == NUMBERS:
        show_numbers(local)
        return
    if section == LABEL:
        show_labelling(images_to_label())
        return
    if section == MEASURE and local is not None:
        offer_measurement(local, active.model)
    measurement = last_measurement(local)
    if section == MEASURE and measurement:
        show_measurement(measurement, active.model, local)
    elif section == THRESHOLD and measurement:
        choose_threshold(measurement, active.model)
    elif section == ACCEPT:
        show_acceptance(measurement, active.model)
    elif section == THRESHOLD:
        st.info("Measure the model on these images first.", icon=":material/info:")


main()
