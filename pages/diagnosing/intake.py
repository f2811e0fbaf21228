"""What was dropped: files, a folder or zips, each image with a name and its bytes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import UserError
from core.images import images_in_zip
from pages.diagnosing.words import plain

MOST_UPLOAD_MB = 50  # a file
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Dropped:
    """A file, or an image of a zip.

    Attributes:
        key: SHA-256 of its bytes; a film that is dropped again is the same one.
        name: for people.
        data: gives its bytes.
    """

    key: str
    name: str
    data: Callable[[], bytes]


def dropped_files() -> list[Dropped]:
    """Let the user drop files or a folder. Each film counts once; an unreadable zip gets a sentence."""
    row = st.container(horizontal=True, gap="medium")
    whole_folder = row.toggle("Drop a whole folder", help="Its subfolders are read, too.", key="folder")
    anyway = row.toggle(
        "Answer anyway",
        key="anyway",
        help="Give the answers that are withheld because a film is not one that the model can judge.",
    )
    if anyway:
        row.caption("No answer is withheld now; the reasons are still said.", width="content")
    files = st.file_uploader(
        "Chest X-rays",
        accept_multiple_files="directory" if whole_folder else True,
        max_upload_size=MOST_UPLOAD_MB,
        help="DICOM, JPEG, PNG, BMP, TIFF or WebP, or a zip of them; several at once. DICOM files often "
        "have no extension.",
    )
    kept = st.session_state.setdefault("dropped", {})
    for gone in set(kept) - {file.file_id for file in files}:
        del kept[gone]
    found, copies = {}, []
    for file in files:
        if _hidden(file.name):
            continue
        try:
            if file.file_id not in kept:
                kept[file.file_id] = _images(file)
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
            continue
        for image in kept[file.file_id]:
            if found.setdefault(image.key, image) is not image:
                copies.append(f"{image.name} (as {found[image.key].name})")
    if copies:
        st.caption(plain(f"Dropped twice and shown once: {', '.join(copies)}."))
    return list(found.values())


def _images(file: UploadedFile) -> list[Dropped]:
    """The file itself, or the images of a zip.

    Raises:
        UserError: the zip cannot be read.
    """
    if bytes(file.getbuffer()[:4]) != ZIP:
        return [Dropped(_digest(file.getbuffer()), file.name, file.getvalue)]
    return [
        Dropped(_digest(data), name, lambda data=data: data) for name, data in images_in_zip(file, file.name)
    ]


def _digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def _hidden(name: str) -> bool:
    """Whether a folder's file is none that its owner put there."""
    last = name.rsplit("/", 1)[-1]
    return last.startswith(".") or last in ("Thumbs.db", "DICOMDIR")
