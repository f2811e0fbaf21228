"""Recalibration for one hospital: fitted to the images that were measured, saved as a version."""

import streamlit as st

from core.errors import UserError
from core.inference import AvailableModel
from core.registry import register_temperature
from core.site import SiteMeasurement, find_site_temperature
from pages.shared.cautions import show_cautions
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.user import signed_in_user
from pages.site.measurement import is_of
from pages.site.versions import offer_version


def recalibrate(measurement: SiteMeasurement, active: AvailableModel) -> None:
    """Fit a temperature, tell what to expect of it, and offer to save it."""
    if not is_of(measurement, active):
        return
    try:
        scaling = find_site_temperature(measurement)
    except UserError as error:
        show_error(error)
        return
    show_cautions(measurement.cautions())
    st.caption(escaped(active.calibration_sentence()))
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in scaling.sentences()))
    offer_version(
        scaling,
        measurement,
        lambda title: register_temperature(
            title, scaling.temperature, scaling.rule, signed_in_user(), scaling.values()
        ),
        register_temperature,
    )
