"""Zones in the metrics section: rule out, undecided, rule in, each bound with a promise."""

import streamlit as st

from core.comparison import ModelComparison, model_zones, zone_table, zone_text
from core.errors import UserError
from core.evaluation import FALSE_ALARM_RATE, MISS_RATE
from pages.shared.charts import offer_csv
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.tables import show_table
from pages.shared.texts import _

ROWS = {  # of the table
    "Rule out below": _("Rule out below"),
    "Rule in above": _("Rule in above"),
    "Ruled out": _("Ruled out"),
    "Undecided": _("Undecided"),
    "Ruled in": _("Ruled in"),
    "Miss rate": _("Miss rate"),
    "False-alarm rate": _("False-alarm rate"),
}
RATES = {"miss rate": _("miss rate"), "false-alarm rate": _("false-alarm rate")}


def show_zones(comparison: ModelComparison) -> None:
    """The rates to promise, and what the zones with this promise give on the compared images."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        miss_rate = _rate(_("Miss rate, at most (%)"), MISS_RATE, "miss-rate")
        false_alarm_rate = _rate(_("False-alarm rate, at most (%)"), FALSE_ALARM_RATE, "false-alarm-rate")
    try:
        of_models = model_zones(comparison, miss_rate, false_alarm_rate)
    except UserError as error:
        show_error(error)
        return
    shown = zone_text(of_models)
    show_table(shown.rename(ROWS), index=True)
    for item in of_models:
        for name in item.broken():
            st.warning(
                _("{model} breaks its promise here: the {rate} is higher than promised.").format(
                    model=escaped(item.model), rate=RATES[name]
                ),
                icon=":material/warning:",
            )
    if comparison.split == "validation":
        st.caption(
            _("The bounds were found on these very images: only test images show what they are worth.")
        )
    st.caption(
        _(
            "Two bounds instead of one decision threshold, around the operating point above. They are found "
            "on validation patients by conformal risk control: on average, at most these shares of a new "
            "patient's images are ruled out with pneumonia, or ruled in without. The promise holds for "
            "patients like those of validation, not for images of another kind. Rates are means over "
            "patients, with Wilson's 95% intervals. Diagnosis does not use these zones."
        )
    )
    offer_csv(zone_table(of_models), f"zones-{comparison.split}")


def _rate(title: str, default: float, key: str) -> float:
    percentage = st.number_input(
        title, 0.1, 50.0, 100 * default, 0.5, format="%g", key=key, bind="query-params", width=220
    )
    return round(percentage / 100, 6)
