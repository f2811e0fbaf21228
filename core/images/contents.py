"""Which files of a folder or zip are images: their content decides, and what is passed over is named."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.images.dicom_signature import MAGIC, PREAMBLE, is_dicom
from core.sentence import Sentence

PICTURE_SUFFIXES = {".jpeg", ".jpg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp"}
DICOM_SUFFIXES = {".dcm", ".dicom", ".dic", ".ima"}
IMAGE_SUFFIXES = PICTURE_SUFFIXES | DICOM_SUFFIXES
HEAD_BYTES = 1024  # enough for the class of a DICOM object
MAX_NAMES = 1000  # of files passed over, that are kept for a reason
MAX_SHOWN = 10  # of them in a sentence
SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"}
DICOM_DIRECTORY = "dicomdir"
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes
SOP_CLASS = re.compile(rb"\x02\0\x02\0UI..([0-9.]+)", re.DOTALL)  # (0002,0002)
STORAGE = "1.2.840.10008.5.1.4.1.1."

HIDDEN = Sentence("hidden or left by the operating system")
NOT_AN_IMAGE = Sentence("not an image")
DIRECTORY = Sentence("the directory of a DICOM medium")
BESIDE_DICOM = Sentence("a picture on a DICOM medium, not one of its X-rays")
NESTED = Sentence("a zip inside: unpack it to read its images")
LINK = Sentence("a link to nowhere")
NOT_A_FILE = Sentence("not a regular file")
OBJECTS = {  # DICOM objects without an image, by the beginning of their SOP class
    "1.2.840.10008.1.3.10": DIRECTORY,
    f"{STORAGE}11.": Sentence("a DICOM presentation state"),
    f"{STORAGE}88.": Sentence("a DICOM structured report"),
    f"{STORAGE}104.": Sentence("a document in DICOM"),
    f"{STORAGE}9.": Sentence("a DICOM waveform"),
    f"{STORAGE}66": Sentence("DICOM data other than images"),
    f"{STORAGE}481.": Sentence("DICOM data of radiotherapy"),
}
RADIOTHERAPY_IMAGE = f"{STORAGE}481.1"


@dataclass
class PassedOver:
    """Files that are not read, by reason, in the order in which they were met."""

    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, name: str, count: int = 1) -> None:
        """Count a file, or a folder of `count` files."""
        self.counts[reason] = self.counts.get(reason, 0) + count
        names = self.names.setdefault(reason, [])
        if len(names) < MAX_NAMES:
            names.append(name)

    def sentences(self, *only: str) -> list[str]:
        """One sentence per reason, or per one of `only`: how many files, why, and which."""
        return [self._sentence(reason) for reason in self.counts if not only or reason in only]

    def _sentence(self, reason: str) -> str:
        count, names = self.counts[reason], self.names[reason]
        more = len(names) - MAX_SHOWN if count == len(names) else 0
        shown = ", ".join(names[:MAX_SHOWN])
        if more > 0:
            shown = Sentence("{names} and {more:,} more", names=shown, more=more)
        elif len(names) > MAX_SHOWN:
            shown = Sentence("{names} and more", names=shown)
        if count == 1:
            return Sentence("Passed over 1 file ({reason}): {names}.", reason=reason, names=shown)
        return Sentence(
            "Passed over {count:,} files ({reason}): {names}.", count=count, reason=reason, names=shown
        )


def is_picture(head: bytes) -> bool:
    """Whether bytes begin like a JPEG, PNG, BMP, TIFF or WebP file."""
    if head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS


def is_hidden(path: PurePosixPath) -> bool:
    """Whether a file, or a folder that it is in, is hidden or was left by a system."""
    return any(part.startswith(".") or part.lower() in SYSTEM_NAMES for part in path.parts)


def is_dicom_directory(name: str) -> bool:
    """Whether a file of that name makes its folder a DICOM medium, such as a CD."""
    return name.lower().removesuffix(";1").removesuffix(".") == DICOM_DIRECTORY


def reason_to_pass_over(path: PurePosixPath, head: Callable[[], bytes], on_medium: bool = False) -> str:
    """Why a file is not to be read as an image; "" if it is.

    A file that is called an image is one even where its content is not, so that its damage is reported.

    Args:
        path: of the file, below the folder or in the zip that is read.
        head: returns its first `HEAD_BYTES` bytes.
        on_medium: whether it is on a DICOM medium, whose pictures belong to the viewer that comes along.
    """
    if is_hidden(path):
        return HIDDEN
    if is_dicom_directory(path.name):
        return DIRECTORY
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES and not on_medium:
        return ""
    content = head()
    if is_dicom(content):
        return _object_reason(content)
    if suffix in DICOM_SUFFIXES:
        return ""
    if suffix in PICTURE_SUFFIXES or is_picture(content):
        return BESIDE_DICOM if on_medium else ""
    return NESTED if suffix == ".zip" else NOT_AN_IMAGE


def zip_media(paths: list[str]) -> set[PurePosixPath]:
    """Folders of a zip that are DICOM media."""
    return {PurePosixPath(path).parent for path in paths if is_dicom_directory(PurePosixPath(path).name)}


def _object_reason(content: bytes) -> str:
    """Why a DICOM object is not an image; "" if it is one, or if its class is not in its file meta."""
    if content[PREAMBLE : PREAMBLE + 4] != MAGIC and content[:4] != MAGIC:
        return ""
    match = SOP_CLASS.search(content)
    sop_class = match[1].decode() if match else ""
    if sop_class == RADIOTHERAPY_IMAGE:
        return ""
    return next((reason for prefix, reason in OBJECTS.items() if sop_class.startswith(prefix)), "")
