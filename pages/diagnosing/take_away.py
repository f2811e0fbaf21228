"""What a reader takes away: pictures, reports and tables."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from core.diagnosis import AvailableModel, Reading, dicom_objects, overlay_png, reading_report
from core.errors import UserError
from core.images import is_dicom
from pages.diagnosing.session import Entry, full_reading
from pages.diagnosing.worklist import as_rows


def of_one(entry: Entry, reading: Reading, model: AvailableModel) -> None:
    """The film's report and overlay, made when they are asked for."""
    stem = Path(reading.film.name).stem
    with st.container(horizontal=True):
        st.download_button(
            "PDF report",
            lambda: reading_report([reading], model),
            f"{stem}.pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            key="pdf",
        )
        if reading.withheld:
            return
        st.download_button(
            "Heat map",
            lambda: overlay_png(reading),
            f"{stem}-heat.png",
            icon=":material/image:",
            on_click="ignore",
            key="png",
        )
        if is_dicom(entry.file.data()):
            st.download_button(
                "DICOM objects",
                lambda: _zipped(dicom_objects(entry.file.data(), reading, model)),
                f"{stem}-dicom.zip",
                icon=":material/folder_zip:",
                on_click="ignore",
                key="dicom",
                help="Overlay (Secondary Capture), finding (structured report) and PDF for the film's own "
                "study, with the patient's identifiers from its file.",
            )


def _zipped(files: dict[str, bytes]) -> bytes:
    """Files by name, as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def of_all(entries: list[Entry], model: AvailableModel) -> None:
    """All answers as a table, and a report of all films that could be read."""
    table = as_rows(entries, model).drop(columns=["arrived", "read"])
    with st.container(horizontal=True):
        csv = table.to_csv(index=False).encode()
        st.download_button("CSV of all", csv, "answers.csv", icon=":material/download:", on_click="ignore")
        st.download_button(
            "PDF of all",
            lambda: reading_report(_readable(entries, model), model),
            "reading.pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
        )


def _readable(entries: list[Entry], model: AvailableModel) -> Iterator[Reading]:
    """Full readings one after another: all films at once would not fit into memory."""
    for entry in entries:
        try:
            yield full_reading(entry, model)
        except UserError:
            continue
