"""The images of this session, and the audit log."""

import streamlit as st

from core.errors import UserError
from core.inference import AuditLog, AvailableModel, agreement_summary, first_reading_summary
from pages.diagnosis.entries import clear_session, entries
from pages.diagnosis.worklist import result_table, show_results
from pages.shared.failures import show_error
from pages.shared.kept_switch import kept_switch
from pages.shared.markdown import escaped
from pages.shared.texts import _


def session_history(model: AvailableModel) -> None:
    """The images of this session, the last first; the switch of the audit log and its contents."""
    newest_first = list(entries().values())[::-1]
    with st.expander(_("Session and audit log"), icon=":material/history:", key="history"):
        logging = kept_switch(
            _("Keep an audit log on this computer"),
            "log",
            _(
                "Records time, digest of the file, model, operating point, probability, warnings, grey "
                "levels, lungs' area and your readings; no names, IDs, dates or file names. The log "
                "remains after the session."
            ),
        )
        if logging:
            st.caption(_("Results and readings are now logged."))
        if newest_first:
            table = result_table(newest_first, model).drop(columns="Remarks")
            st.caption(
                _("Images in this session: {count:,}. Cleared when you close this tab.").format(
                    count=len(newest_first)
                )
            )
            show_results(table)
            st.caption(_("Model: {model}.").format(model=escaped(str(model.identity))))
            # Before the page is drawn: a result that is drawn again with its second opinion resets a click.
            st.button(_("Clear this session"), icon=":material/delete:", on_click=clear_session)
        _audit_log()


def _audit_log() -> None:
    log = AuditLog()
    if not log.path.exists():
        return
    try:
        results, readings, first = log.results(), log.human_readings(), log.first_readings()
    except UserError as error:
        show_error(error)
        return
    st.markdown(_("**Audit log**"))
    st.caption(
        _("Results: {results:,}. Readings: {readings:,}. {agreement_summary}").format(
            results=len(results), readings=len(readings), agreement_summary=agreement_summary(readings)
        )
    )
    if sentence := first_reading_summary(first, results):
        st.caption(sentence)
    with st.container(horizontal=True):
        for title, name, table in (
            (_("CSV of results"), "results", results),
            (_("CSV of readings"), "readings", readings),
            (_("CSV of first readings"), "first-readings", first),
        ):
            st.download_button(
                title,
                table.to_csv(index=False).encode(),
                f"audit-{name}.csv",
                icon=":material/download:",
                on_click="ignore",
            )
