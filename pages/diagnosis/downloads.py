"""Downloads: heat maps, reports, DICOM objects and tables."""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import streamlit as st

from core.errors import UserError
from core.images import IMAGE_SUFFIXES, distinct, is_dicom
from core.inference import AvailableModel, HumanReading, Reading
from core.reports import dicom_objects, overlay_png, reading_report
from pages.diagnosis.entries import Entry, entries, full_reader, result_key
from pages.diagnosis.file_button import file_button
from pages.diagnosis.worklist import result_table
from pages.shared.texts import _

FORBIDDEN = re.compile(r'[/\\:*?"<>|]')  # in names of files on Windows
MAX_STEM = 120  # characters


@st.fragment
def image_downloads(entry: Entry, reading: Reading, model: AvailableModel) -> None:
    """Report, heat map and DICOM objects of one image, created on demand."""
    result = result_key(model)  # now: files are made in a thread, which can ask no session
    stem, contents = _file_stem(entry), _contents([entry], result)
    buttons, failure = st.container(horizontal=True), st.empty()
    with buttons:
        file_button(
            _("PDF report"),
            lambda: reading_report([reading], model, _human([entry], result)),
            f"{stem}.pdf",
            ":material/picture_as_pdf:",
            "pdf",
            contents,
            failure,
        )
        if reading.withheld:
            return
        file_button(
            _("Heat map"),
            lambda: overlay_png(reading),
            f"{stem}-heat.png",
            ":material/image:",
            "png",
            contents,
            failure,
        )
        if is_dicom(entry.upload.data()):
            file_button(
                _("DICOM objects"),
                lambda: _zipped(
                    dicom_objects(entry.upload.data(), reading, model, human=entry.human_reading_of(result))
                ),
                f"{stem}-dicom.zip",
                ":material/folder_zip:",
                "dicom",
                contents,
                failure,
                _(
                    "Heat map (Secondary Capture; contours as Presentation State), finding (Structured "
                    "Report), lungs (Segmentation) and PDF for the image's study. They contain the "
                    "patient identifiers of the uploaded file."
                ),
            )


def _contents(shown: list[Entry], result: tuple) -> str:
    """What a file is made of, as a digest: images in order, and the `result_key` of their results."""
    parts = [*map(str, result), *(entry.upload.key for entry in shown)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _file_stem(entry: Entry) -> str:
    """The name of an image's downloads without suffix; that of no other image of the session."""
    taken: set[str] = set()
    stems = {item.upload.key: distinct(_plain_stem(item.upload.name), taken) for item in entries().values()}
    return stems.get(entry.upload.key) or _plain_stem(entry.upload.name)


def _plain_stem(name: str) -> str:
    """A name without the suffix of an image, and with its folders, as every file system takes it."""
    path = PurePosixPath(name)
    stem = str(path.with_suffix("")) if path.suffix.lower() in IMAGE_SUFFIXES else name
    return FORBIDDEN.sub("-", stem)[-MAX_STEM:]


def _zipped(files: dict[str, bytes]) -> bytes:
    """Files by name, as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@st.fragment
def session_downloads(shown: list[Entry], model: AvailableModel) -> None:
    """All results as a table, and a report of all readable images, in the given order."""
    table = result_table(shown, model).drop(columns=["arrived", "read", "priority"])
    result = result_key(model)
    read = full_reader(model, result)
    with_result = [entry for entry in shown if not entry.hidden]
    buttons, failure = st.container(horizontal=True), st.empty()
    with buttons:
        csv = table.to_csv(index=False).encode()
        st.download_button(
            _("CSV of all results"), csv, "results.csv", icon=":material/download:", on_click="ignore"
        )
        file_button(
            _("PDF of all results"),
            lambda: reading_report(_readings(with_result, read), model, _human(with_result, result)),
            "reading.pdf",
            ":material/picture_as_pdf:",
            "all-pdf",
            _contents(with_result, result),
            failure,
        )


def _human(shown: list[Entry], result: tuple) -> dict[str, HumanReading]:
    """The user's readings of the results with a `result_key`, by the SHA-256 of the image's file."""
    readings = {entry.upload.key: entry.human_reading_of(result) for entry in shown}
    return {key: reading for key, reading in readings.items() if reading}


def _readings(entries: list[Entry], read: Callable[[Entry], Reading]) -> Iterator[Reading]:
    """Full readings one after another: all images at once would not fit into memory."""
    for entry in entries:
        try:
            yield read(entry)
        except UserError:
            continue
