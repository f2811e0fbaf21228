"""Telling DICOM files from others by their first bytes, without pydicom.

Source: DICOM PS3.10, chapter 7.
"""

from core.errors import UserError

PREAMBLE, MAGIC = 128, b"DICM"
FIRST_GROUPS = (b"\x02\0", b"\x08\0")  # of a data set without preamble, little-endian
VALUE_REPRESENTATIONS = (b"UL", b"OB", b"CS", b"UI", b"DA", b"TM", b"DT", b"SH", b"LO", b"IS", b"SQ", b"LT")
MAX_FIRST_VALUE = 1024  # bytes of the first value of a data set without preamble


class DicomError(UserError):
    """A DICOM file without a usable X-ray; the message says why, without the file's name."""


def is_dicom(data: bytes) -> bool:
    """Whether the bytes are a DICOM file, whatever it is called; the first 132 bytes are enough."""
    return data[PREAMBLE : PREAMBLE + 4] == MAGIC or data[:4] == MAGIC or _starts_a_data_set(data[:8])


def _starts_a_data_set(head: bytes) -> bool:
    """Whether the bytes are the first tag, and the VR or the length, of a data set without preamble."""
    if len(head) < 8:
        return False
    if head[:2] in FIRST_GROUPS or head[:2] == b"\0\x08":
        if head[4:6] in VALUE_REPRESENTATIONS:
            return True
        implicit = head[:2] == b"\x08\0" and head[3] == 0
        return implicit and 0 < int.from_bytes(head[4:8], "little") <= MAX_FIRST_VALUE
    return False
