"""A decision threshold or three zones for one hospital, found on its images and saved as a version."""

import streamlit as st

from core.errors import UserError
from core.evaluation import TARGET_SENSITIVITY
from core.inference import AvailableModel, shown_threshold
from core.registry import ZONES_LEFT_OUT, register_operating_point
from core.site import SiteMeasurement, find_site_point
from pages.shared.cautions import show_cautions
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.one_of import one_of
from pages.shared.operating_rules import RULE_TITLES
from pages.shared.texts import _, translated
from pages.shared.user import signed_in_user
from pages.site.measurement import is_of
from pages.site.versions import offer_version
from pages.site.zones import show_zones

POINT, THREE = "point", "zones"
RULES = ("sensitivity", "specificity", "youden")
DEFAULT_RATE = 100 * TARGET_SENSITIVITY  # per cent


def choose_threshold(measurement: SiteMeasurement, active: AvailableModel) -> None:
    """Find a threshold by a rule, tell what to expect of it, and offer to save it; or the same of zones."""
    if not is_of(measurement, active):
        return
    kinds = {POINT: _("One threshold"), THREE: _("Three zones")}
    if one_of(_("Kind"), kinds, default=POINT, key="site-kind", label_visibility="collapsed") == THREE:
        show_zones(measurement)
        return
    rule, rate = _rule()
    try:
        site_point = find_site_point(measurement, rule, rate)
    except UserError as error:
        show_error(error)
        return
    show_cautions(measurement.cautions())
    shown = shown_threshold(active.record, site_point.point.threshold)
    st.markdown(
        _("Decision threshold **{shown:.1%}** after calibration, as Diagnosis shows it.").format(shown=shown)
    )
    st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in site_point.sentences()))
    if active.record.zones:
        st.caption(translated(ZONES_LEFT_OUT))
    offer_version(
        site_point,
        measurement,
        lambda title: register_operating_point(
            title, site_point.point, signed_in_user(), site_point.values()
        ),
        register_operating_point,
    )


def _rule() -> tuple[str, float | None]:
    """The rule, and the share that it must keep."""
    left, right, _margin = st.columns([1, 1, 2])
    rule = left.selectbox(_("Operating point"), RULES, format_func=RULE_TITLES.__getitem__, key="site-rule")
    if rule == "youden":
        return rule, None
    given = right.number_input(_("At least, %"), 50.0, 100.0, DEFAULT_RATE, 1.0, "%.1f", key="site-rate")
    return rule, (DEFAULT_RATE if given is None else given) / 100
