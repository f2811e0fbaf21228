"""What this session has seen, and the audit log."""

import streamlit as st

from core.diagnosis import AuditLog, AvailableModel, agreement_rate
from core.errors import UserError
from pages.diagnosing.session import entries
from pages.diagnosing.words import plain
from pages.diagnosing.worklist import COLUMNS, as_rows


def history(model: AvailableModel) -> None:
    """Films of this session, the last first; and the log's switch and contents."""
    seen = list(entries().values())[::-1]
    with st.expander("Session and audit log", icon=":material/history:", key="history"):
        logging = st.toggle(
            "Keep an audit log on this computer",
            key="log",
            help="Time, digest of the file, model, operating point, probability and your notes; no names, "
            "ids, dates or file names. It outlives the session.",
        )
        if logging:
            st.caption("Answers and notes are written to the log from now on.")
        if seen:
            table = as_rows(seen, model).drop(columns=["arrived", "read", "Remarks"])
            st.caption(f"{len(seen):,} films in this session. All this is gone when the tab is closed.")
            st.dataframe(table, hide_index=True, column_config=COLUMNS)
            if st.button("Forget this session", icon=":material/delete:"):
                entries().clear()
                st.rerun()
        _log()


def _log() -> None:
    log = AuditLog()
    if not log.path.exists():
        return
    try:
        answers, notes = log.answers(), log.notes()
    except UserError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown("**Audit log**")
    st.caption(f"{len(answers):,} answers and {len(notes):,} notes. {agreement_rate(notes)}")
    with st.container(horizontal=True):
        for name, table in (("answers", answers), ("notes", notes)):
            csv = table.to_csv(index=False).encode()
            st.download_button(
                f"CSV of {name}", csv, f"audit-{name}.csv", icon=":material/download:", on_click="ignore"
            )
