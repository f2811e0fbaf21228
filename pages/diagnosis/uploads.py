"""Uploads: files, folders or zips, each image with a name and its bytes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import UserError
from core.images import (
    DIRECTORY,
    HEAD_BYTES,
    HIDDEN,
    NESTED,
    PassedOver,
    distinct,
    folded,
    images_in_zip,
    reason_to_pass_over,
    shown,
    zip_media,
)
from pages.shared.failures import sentence
from pages.shared.kept_switch import is_on
from pages.shared.markdown import escaped
from pages.shared.texts import _, translated

MAX_UPLOAD_MB = 50  # per file
FOR_WHOM = _("Frontal chest X-rays of children. Not for adults, side views or other body parts.")
NAMES, MESSAGES = "names", "upload-messages"  # keys of the session
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # also empty, also split


@dataclass(frozen=True)
class Upload:
    """An uploaded image, from a file of its own or from a zip.

    Attributes:
        key: SHA-256 of its bytes; the same image uploaded again has the same key.
        name: of the file; its path, or its path in the zip, where it would have another image's name.
        data: returns its bytes.
        given: its name as it was uploaded.
    """

    key: str
    name: str
    data: Callable[[], bytes]
    given: str


@dataclass(frozen=True)
class Message:
    """What to say of the last drop."""

    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Contents:
    """What an uploaded file contains: its images, and how many other files, in sentences."""

    images: list[Upload]
    passed_over: list[str]


def upload_images(store: Callable[[list[Upload]], None]) -> None:
    """The drop zone. Uploads are stored and leave it; which of them were not read is said below.

    Args:
        store: takes the uploaded images, each once.
    """
    files = _drop_zone()
    if files:
        images, messages = _read(files)
        store(images)
        st.session_state[MESSAGES] = messages
        # Last: a click that interrupts the page before finds the files still in the drop zone.
        st.session_state["drops"] = st.session_state.get("drops", 0) + 1
        st.rerun()
    for message in st.session_state.get(MESSAGES, []):
        if message.is_error:
            st.error(escaped(message.text), icon=":material/error:")
        else:
            st.caption(escaped(message.text))


def upload_of(path: Path) -> Upload:
    """A file on this computer, as if it had been uploaded."""
    data = path.read_bytes()
    digest = _digest(data)
    return Upload(digest, _distinct_name(digest, path.name), lambda: data, path.name)


def _read(files: list[UploadedFile]) -> tuple[list[Upload], list[Message]]:
    """The images of uploaded files, each once, and what to say of the rest."""
    uploads: dict[str, Upload] = {}
    duplicates: list[str] = []
    messages: list[Message] = []
    passed_over = PassedOver()
    media = zip_media([file.name for file in files])
    for file in files:
        if reason := _reason(file, media):
            passed_over.add(reason, shown(file.name))
            continue
        try:
            contents = _contents(file)
        except UserError as error:
            messages.append(Message(sentence(error), is_error=True))
            continue
        for upload in contents.images:
            if uploads.setdefault(upload.key, upload) is not upload:
                duplicates.append(
                    _("{given} (same as {original})").format(
                        given=upload.given, original=uploads[upload.key].name
                    )
                )
        messages += [Message(f"{shown(file.name)}: {translated(reason)}") for reason in contents.passed_over]
    messages += map(Message, map(translated, passed_over.sentences()))
    if duplicates:
        messages.append(
            Message(_("Duplicates, shown once: {duplicates}.").format(duplicates=", ".join(duplicates)))
        )
    return list(uploads.values()), messages


def _drop_zone() -> list[UploadedFile]:
    """The widget, empty again after each drop; tall until there is something to look at."""
    folder = is_on("folder")
    first = not st.session_state.get("entries")
    with st.container(key="first-drop" if first else "next-drop"):
        return st.file_uploader(
            FOR_WHOM,
            accept_multiple_files="directory" if folder else True,
            max_upload_size=MAX_UPLOAD_MB,
            key=f"drop-{folder}-{st.session_state.get('drops', 0)}",
            help=_(
                "One or more DICOM, JPEG, PNG, BMP, TIFF or WebP files, or a zip of them. DICOM files "
                "often have no extension."
            ),
        )


def _contents(file: UploadedFile) -> Contents:
    """The file itself, or the images of a zip.

    Raises:
        UserError: the zip cannot be read.
    """
    name = shown(file.name)
    if not (file.name.lower().endswith(".zip") or bytes(file.getbuffer()[:4]) in ZIP):
        digest = _digest(file.getbuffer())
        return Contents([Upload(digest, _distinct_name(digest, name), file.getvalue, name)], [])
    passed_over = PassedOver()
    images = []
    for inner, data in images_in_zip(file, name, passed_over):
        digest = _digest(data)
        distinct_name = _distinct_name(digest, inner, f"{name}/{inner}")
        images.append(Upload(digest, distinct_name, lambda data=data: data, inner))
    return Contents(images, passed_over.sentences())


def _distinct_name(key: str, name: str, longer_name: str = "") -> str:
    """A name that no other image of this session has had: two patients under one name would be mixed up.

    Args:
        key: of the image, which keeps its name when it is uploaded again.
        name: of the file.
        longer_name: to use where another image has that name.
    """
    names: dict[str, str] = st.session_state.setdefault(NAMES, {})
    if key not in names:
        taken = set(map(folded, names.values()))
        names[key] = distinct(longer_name if longer_name and folded(name) in taken else name, taken)
    return names[key]


def _digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def _reason(file: UploadedFile, media: set[PurePosixPath]) -> str:
    """Why a file is passed over; "" if it is read.

    A file that was chosen by itself is read whatever it is, unless a program put it beside the images.
    """
    path = PurePosixPath(file.name)
    on_medium = not media.isdisjoint(path.parents)
    reason = reason_to_pass_over(path, lambda: bytes(file.getbuffer()[:HEAD_BYTES]), on_medium)
    if reason == NESTED:
        return ""
    of_folder = len(path.parts) > 1 or on_medium
    return reason if of_folder or reason in (HIDDEN, DIRECTORY) else ""
