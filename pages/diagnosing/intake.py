"""What was dropped: files, a folder or zips, each image with a name and its bytes."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import UserError
from core.images import images_in_zip
from pages.diagnosing.words import plain

MOST_UPLOAD_MB = 50  # a file
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Dropped:
    """A file, or an image of a zip.

    Attributes:
        key: tells it from every other of the session.
        name: for people.
        data: gives its bytes.
    """

    key: str
    name: str
    data: Callable[[], bytes]


def dropped_files() -> list[Dropped]:
    """Let the user drop files or a folder; a sentence for each zip that cannot be read."""
    row = st.container(horizontal=True, gap="large")
    whole_folder = row.toggle("Drop a whole folder", help="Its subfolders are read, too.", key="folder")
    row.toggle(
        "Answer anyway",
        key="anyway",
        help="Give the answers that are withheld because a film is not one that the model can judge.",
    )
    files = st.file_uploader(
        "Chest X-rays",
        accept_multiple_files="directory" if whole_folder else True,
        max_upload_size=MOST_UPLOAD_MB,
        help="DICOM, JPEG, PNG, BMP, TIFF or WebP, or a zip of them; several at once. DICOM files often "
        "have no extension.",
    )
    zips = st.session_state.setdefault("zips", {})
    for gone in set(zips) - {file.file_id for file in files}:
        del zips[gone]
    found = []
    for file in files:
        if _hidden(file.name):
            continue
        if bytes(file.getbuffer()[:4]) != ZIP:
            found.append(Dropped(file.file_id, file.name, file.getvalue))
            continue
        try:
            if file.file_id not in zips:
                zips[file.file_id] = list(images_in_zip(file, file.name))
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
            continue
        found += [
            Dropped(f"{file.file_id}/{place}", name, lambda data=data: data)
            for place, (name, data) in enumerate(zips[file.file_id])
        ]
    return found


def _hidden(name: str) -> bool:
    """Whether a folder's file is none that its owner put there."""
    last = name.rsplit("/", 1)[-1]
    return last.startswith(".") or last in ("Thumbs.db", "DICOMDIR")
