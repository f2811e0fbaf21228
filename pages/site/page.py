"""The page on one hospital: how many images it takes, how the model does there, and whether it still does."""

import streamlit as st

from core.registry import active_model, missing_model
from pages.shared.header import header
from pages.shared.markdown import escaped
from pages.shared.next_step import offer_training
from pages.shared.one_of import one_of
from pages.shared.texts import _
from pages.site.acceptance import show_acceptance
from pages.site.ahead import get_ready_to_measure
from pages.site.image_numbers import show_numbers
from pages.site.images import choose_images, images_to_label, nothing_chosen
from pages.site.labelling import show_labelling
from pages.site.measurement import last_measurements, offer_measurement, show_measurements
from pages.site.temperature import recalibrate
from pages.site.threshold import choose_threshold
from pages.site.watch import show_watch

MEASURE, THRESHOLD, RECALIBRATE, ACCEPT = "Measure", "Set the threshold", "Recalibrate", "Accept"
WATCH, LABEL, NUMBERS = "Watch", "Label blinded", "How many do I need?"
TITLES = {  # in the order in which a hospital takes them
    NUMBERS: _("How many do I need?"),
    LABEL: _("Label blinded"),
    MEASURE: _("Measure"),
    THRESHOLD: _("Set the threshold"),
    RECALIBRATE: _("Recalibrate"),
    ACCEPT: _("Accept"),
    WATCH: _("Watch"),
}
WITHOUT_IMAGES = NUMBERS, WATCH  # sections that need none


def main() -> None:
    """Choose local images, then show one section; without images, how many it takes."""
    header(
        _("Your hospital"),
        _(
            "No published figure tells whether a model holds in your department: measure it on labelled "
            "images."
        ),
        _(
            "Nothing leaves this computer. Kept on it: readers' names and labels, who wrote criteria, "
            "digests of images, what models said of them, and uploaded zips. Without images, the page "
            "says how many it takes."
        ),
    )
    active = active_model()
    if active is None:
        offer_training(escaped(missing_model()))
        return
    local = choose_images()
    if nothing_chosen() and last_measurements(None) is None:
        key, titles, first = "site-start", {name: TITLES[name] for name in WITHOUT_IMAGES}, NUMBERS
    else:
        key, titles, first = "site-section", TITLES, MEASURE if local else LABEL
    section = one_of(_("Section"), titles, default=first, key=key, label_visibility="collapsed")
    if section == NUMBERS:
        show_numbers(local)
        return
    if section == WATCH:
        show_watch(active.model, local)
        return
    if section == LABEL:
        show_labelling(images_to_label(), local)
        return
    if section == MEASURE and local is not None:
        offer_measurement(local, active.model)
    compared = last_measurements(local)
    measurement = compared.measurements[0] if compared else None
    if section == MEASURE and compared:
        show_measurements(compared, active.model, local)
    elif section == THRESHOLD and measurement:
        choose_threshold(measurement, active.model)
    elif section == RECALIBRATE and measurement:
        recalibrate(measurement, active.model)
    elif section == ACCEPT:
        show_acceptance(measurement, active.model)
    elif section in (THRESHOLD, RECALIBRATE):
        st.info(_("Measure the model on these images first."), icon=":material/info:")


main()
get_ready_to_measure()
