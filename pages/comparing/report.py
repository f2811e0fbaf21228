"""The comparison as one download: PDF, model card, tables and pictures."""

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from core.errors import UserError
from core.study import Study, write_report


def report(study: Study) -> None:
    """Make it on demand, then offer it."""
    st.markdown(
        "A PDF with data, settings, versions, metrics with their intervals, tests, pictures, what the "
        "models may be reading, limits, the CLAIM items that apply and a model card; beside it the tables "
        "as CSV and the pictures as PNG."
    )
    key = hash((study.split, study.films, tuple(study.thresholds.items())))
    made = st.session_state.setdefault("reports", {})
    if st.button("Make the report", type="primary", icon=":material/description:"):
        with st.status("Measuring ...") as status, tempfile.TemporaryDirectory() as place:
            try:
                pdf = write_report(
                    study, Path(place) / "report", lambda what: status.update(label=f"{what} ...")
                )
            except UserError as error:
                status.update(label="It could not be made.", state="error")
                st.error(str(error), icon=":material/error:")
                return
            made.clear()
            made[key] = pdf.read_bytes(), _zipped(pdf.parent)
            status.update(label="Ready.", state="complete")
    if key in made:
        pdf, everything = made[key]
        with st.container(horizontal=True):
            st.download_button("PDF", pdf, "comparison.pdf", icon=":material/picture_as_pdf:")
            st.download_button("Everything", everything, "comparison.zip", icon=":material/folder_zip:")


def _zipped(folder: Path) -> bytes:
    """All files of a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*.*")):
            file.write(path, path.relative_to(folder))
    return buffer.getvalue()
