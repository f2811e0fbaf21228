"""Reading attributes as devices really write them: empty, with decimal commas, or with another VR."""

import math
import re

import numpy as np
import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from core.images.dicom_signature import DicomError
from core.sentence import Sentence

MAX_TEXT = 40  # characters of a value that is shown
TEXT_NUMBERS = ("DS", "IS", "CS", "AS", "DA")  # read from their bytes, without pydicom's validation


def text(file: pydicom.Dataset, name: str) -> str:
    """The first value of a text attribute without surrounding blanks; "" if absent or empty."""
    return next(iter(_strings(file, name)), "")


def all_text(file: pydicom.Dataset, name: str) -> str:
    """All values of a text attribute, parted by backslashes as in the file; "" if absent or empty."""
    return "\\".join(_strings(file, name))


def code(file: pydicom.Dataset, name: str) -> str:
    """The first value of a code string, in capitals, with single spaces and without surrounding blanks."""
    return re.sub(r"[\s_]+", " ", text(file, name)).strip().upper()


def numbers(file: pydicom.Dataset, name: str) -> list[float]:
    """The values of an attribute that holds decimal or integer numbers; NaN where one is empty.

    Raises:
        DicomError: a value is not a number.
    """
    values = []
    for string in _strings(file, name):
        try:
            values.append(float(string.replace(",", ".")) if string else math.nan)
        except ValueError:
            raise unusable(name, string) from None
    return values


def number(file: pydicom.Dataset, name: str, default: float) -> float:
    """The first value of a numeric attribute, or `default` if it is absent or empty.

    Raises:
        DicomError: the value is not a finite number.
    """
    value = next(iter(numbers(file, name)), math.nan)
    if math.isinf(value):
        raise unusable(name, str(value))
    return default if math.isnan(value) else value


def whole_number(file: pydicom.Dataset, name: str, default: int | None = None) -> int:
    """The first value of an integer attribute, or `default` if it is absent or empty.

    Raises:
        DicomError: the value is not a whole number, or is absent without a default.
    """
    value = number(file, name, math.nan if default is None else default)
    if math.isnan(value):
        raise DicomError(Sentence("lacks {name}. Export it again from the original.", name=name))
    if value != int(value):
        raise unusable(name, str(value))
    return int(value)


def unusable(name: str, value: object) -> DicomError:
    """The error for an attribute whose value cannot be honoured."""
    return DicomError(
        Sentence(
            "has {name} {value!r}, which is not supported. Export it for presentation, uncompressed, "
            "in grey levels.",
            name=name,
            value=str(value)[:MAX_TEXT],
        )
    )


def raw_bytes(file: pydicom.Dataset, name: str) -> bytes:
    """The value of an attribute as it stands in the file; numbers as little-endian unsigned 16 bits."""
    element = file.get_item(Tag(name))
    value = element.value if element is not None else b""
    if isinstance(value, bytes):
        return value
    values = [value] if isinstance(value, int) else list(value or ())
    return b"".join((int(item) & 0xFFFF).to_bytes(2, "little") for item in values)


def present(file: pydicom.Dataset, name: str) -> bool:
    """Whether an attribute has a value."""
    return any(_strings(file, name))


def _strings(file: pydicom.Dataset, name: str) -> list[str]:
    """The values as text.

    Those that are still bytes are decoded here: pydicom refuses malformed numbers, and does not know whether
    numbers of implicit VR are signed.
    """
    element = file.get_item(Tag(name))
    if element is None or element.value is None or element.value in (b"", ""):
        return []
    if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
        known = element.VR if element.VR not in (None, "UN") else dictionary_VR(element.tag)
        if known in TEXT_NUMBERS:
            return [part.strip(" \0\r\n\t") for part in element.value.decode("latin-1").split("\\")]
        if "US" in known or known == "SS":
            dtype = f"{'<' if element.is_little_endian else '>'}{'i' if known == 'SS' else 'u'}2"
            return [str(value) for value in np.frombuffer(element.value, dtype, len(element.value) // 2)]
    value = file[name].value
    if value is None:
        return []
    values = value if isinstance(value, list | tuple | MultiValue) else [value]
    return [str(item).strip(" \0") for item in values]
