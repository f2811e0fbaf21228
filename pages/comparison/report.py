"""The report section: the comparison as one download."""

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from core.comparison import ModelComparison, write_report
from core.errors import UserError
from pages.shared.failures import show_error
from pages.shared.texts import _


def show_report(comparison: ModelComparison) -> None:
    """Create the report on demand, then offer it for download."""
    st.markdown(
        _(
            "A PDF with data, settings, versions, metrics with intervals, tests, figures, shortcuts, "
            "limitations, the applicable CLAIM items and a model card. The download also contains the "
            "tables as CSV and the figures as PNG."
        )
    )
    comparison = comparison.named_in_full()
    key = comparison.fingerprint
    reports = st.session_state.setdefault("reports", {})
    if st.button(_("Create report"), type="primary", icon=":material/description:"):
        with st.status(_("Computing metrics ...")) as status, tempfile.TemporaryDirectory() as folder:
            try:
                pdf = write_report(
                    comparison,
                    Path(folder) / "report",
                    lambda step: status.update(label=f"{step} ..."),
                )
            except UserError as error:
                status.update(label=_("The report could not be created."), state="error")
                show_error(error)
                return
            reports.clear()
            reports[key] = pdf.read_bytes(), _zipped(pdf.parent)
            status.update(label=_("Report created."), state="complete")
    if key in reports:
        pdf, archive = reports[key]
        with st.container(horizontal=True):
            st.download_button("PDF", pdf, "comparison.pdf", icon=":material/picture_as_pdf:")
            st.download_button(_("All files (zip)"), archive, "comparison.zip", icon=":material/folder_zip:")


def _zipped(folder: Path) -> bytes:
    """All files of a folder as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*.*")):
            file.write(path, path.relative_to(folder))
    return buffer.getvalue()
