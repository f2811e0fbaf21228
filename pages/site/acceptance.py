"""Accepting the model in one hospital: criteria, a measurement checked against them, and a report."""

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.inference import AvailableModel
from core.self_test import last_self_test
from core.site import (
    RANGES,
    Acceptance,
    SiteMeasurement,
    accept,
    acceptance_pdf,
    check_against_criteria,
    write_criteria,
    written_criteria,
)
from pages.shared.failures import show_error
from pages.shared.markdown import escaped
from pages.shared.tables import show_table
from pages.shared.texts import _, translated
from pages.shared.user import offered, requires_sign_in, signed_in_user
from pages.site.measurement import is_of

TITLES = {
    "sensitivity": _("Sensitivity at least"),
    "specificity": _("Specificity at least"),
    "auc": _("ROC AUC at least"),
    "withheld": _("Results withheld at most"),
}


def show_acceptance(measurement: SiteMeasurement | None, active: AvailableModel) -> None:
    """The criteria, and what the measurement of the active model says of them."""
    try:
        written = written_criteria()
    except UserError as error:
        show_error(error)
        return
    if written:
        st.markdown(escaped(_("Criteria: {criteria}.").format(criteria=translated(written[-1].sentence()))))
    with st.expander(_("Write criteria down"), expanded=not written, icon=":material/edit_note:"):
        _write()
    if measurement is None or not written:
        first = _("Measure the model on your images first.") if written else _("Write criteria down first.")
        second = _("Criteria come before the measurement.")
        st.info(f"{first} {second}", icon=":material/info:")
        return
    if not is_of(measurement, active):
        return
    try:
        acceptance = check_against_criteria(measurement)
    except UserError as error:
        show_error(error)
        return
    _show(acceptance)
    _offer_acceptance(acceptance, active)
    _offer_report(acceptance, active)


def _write() -> None:
    """A form for new criteria; empty ones are not asked for."""
    if not offered(write_criteria, _("Writing criteria down")):
        return
    with st.form("criteria", border=False):
        columns = st.columns(len(TITLES))
        given = {
            name: column.number_input(
                title, RANGES[name][0], RANGES[name][1], None, 0.01, "%.3f", key=f"criterion-{name}"
            )
            for (name, title), column in zip(TITLES.items(), columns, strict=True)
        }
        who = signed_in_user()
        if not requires_sign_in():
            who = st.text_input(_("Your name"), who, key="criteria-by")
        if not st.form_submit_button(_("Write down"), icon=":material/edit_note:"):
            return
    try:
        write_criteria(**given, by=who)
    except UserError as error:
        show_error(error)
        return
    st.rerun()


def _show(acceptance: Acceptance) -> None:
    """The verdict, and each criterion with what was measured."""
    shown = st.success if acceptance.passed else st.warning
    icon = ":material/verified:" if acceptance.passed else ":material/warning:"
    shown(escaped(acceptance.verdict()), icon=icon)
    rows = [(item.title, item.result, item.required, item.figure) for item in acceptance.outcomes]
    columns = ["", _("Result"), _("Criterion"), _("Measured (95% interval)")]
    show_table(pd.DataFrame(rows, columns=columns))
    st.caption(_("Met: the whole interval reaches the criterion. Not shown: part of it does."))


def _offer_acceptance(acceptance: Acceptance, active: AvailableModel) -> None:
    """A button for the owner, where every criterion is met."""
    if not acceptance.passed or not offered(accept, _("Accepting the model")):
        return
    help_text = _(
        "Writes down who accepts it and keeps numbers of these images, without names: Watch compares later "
        "results with them."
    )
    if not st.button(_("Accept the model"), icon=":material/task_alt:", help=help_text):
        return
    try:
        images = accept(acceptance, active.identity, signed_in_user()).words()
    except UserError as error:
        show_error(error)
        return
    sentence = _("Accepted. Watch compares later results with {images}.").format(images=translated(images))
    st.success(escaped(sentence), icon=":material/task_alt:")


def _offer_report(acceptance: Acceptance, model: AvailableModel) -> None:
    """The report to sign and file."""
    names = st.text_input(
        _("Who signs"), key="acceptance-signers", placeholder=_("Names, separated by commas")
    )
    signers = tuple(name.strip() for name in names.split(",") if name.strip())
    st.download_button(
        _("Acceptance report"),
        lambda: acceptance_pdf(acceptance, model, last_self_test(), signers),
        "acceptance.pdf",
        "application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )
