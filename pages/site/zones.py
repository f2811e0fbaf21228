"""Three zones for one hospital: rule out, undecided, rule in; found on its images, saved as a version."""

import streamlit as st

from core.errors import UserError
from core.evaluation import FALSE_ALARM_RATE, MISS_RATE
from core.registry import register_zones
from core.site import SiteMeasurement, find_site_zones
from pages.shared.cautions import show_cautions
from pages.shared.charts import offer_json
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.texts import _
from pages.shared.user import signed_in_user
from pages.site.versions import offer_version


def show_zones(measurement: SiteMeasurement) -> None:
    """Find the zones for two rates, tell what to expect of them, and offer to save them."""
    left, right, _margin = st.columns([1, 1, 2])
    missed = left.number_input(
        _("Missed at most, %"),
        0.1,
        50.0,
        100 * MISS_RATE,
        1.0,
        "%.1f",
        key="site-miss-rate",
        help=_("Share of images with pneumonia that are ruled out."),
    )
    false_alarms = right.number_input(
        _("False alarms at most, %"),
        0.1,
        50.0,
        100 * FALSE_ALARM_RATE,
        1.0,
        "%.1f",
        key="site-false-alarm-rate",
        help=_("Share of images without pneumonia that are ruled in."),
    )
    missed = 100 * MISS_RATE if missed is None else missed  # an empty field
    false_alarms = 100 * FALSE_ALARM_RATE if false_alarms is None else false_alarms
    try:
        zones = find_site_zones(measurement, missed / 100, false_alarms / 100)
    except UserError as error:
        show_error(error)
        return
    show_cautions(measurement.cautions())
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in zones.sentences()))
    st.caption(
        _("A version with zones is undecided about every image between the bounds, wherever it answers.")
    )
    offer_version(
        zones,
        measurement,
        lambda title: register_zones(title, zones.zones, zones.rule, signed_in_user(), zones.values()),
        register_zones,
    )
    offer_json(zones.values(), "zones")
