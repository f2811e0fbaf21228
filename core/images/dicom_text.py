"""Text of DICOM files in every character set, also where the header misspells its name.

Sources: DICOM PS3.3, C.12.1.1.2, and PS3.5, chapter 6 and annexes H to K.
"""

import re
import warnings
from collections.abc import Sequence

import pydicom
from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from core.images.dicom_attributes import raw_bytes

DEFAULT = "ISO_IR 6"
UNKNOWN_ENCODING = "latin_1"  # of a character set that nobody knows: every byte has a character
STAND_ALONE = {"ISO_IR 192", "GB18030", "GBK"}  # allow no code extensions
NEWER = {"ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}  # of 2022
OTHER_NAMES = {  # without blanks, dashes and underscores
    "UTF8": "ISO_IR 192",
    "UNICODE": "ISO_IR 192",
    "ASCII": DEFAULT,
    "USASCII": DEFAULT,
    "LATIN1": "ISO_IR 100",
    "LATIN2": "ISO_IR 101",
    "LATIN3": "ISO_IR 109",
    "LATIN4": "ISO_IR 110",
    "LATIN5": "ISO_IR 148",
    "LATIN9": "ISO_IR 203",
    "ISO88591": "ISO_IR 100",
    "ISO88592": "ISO_IR 101",
    "ISO88593": "ISO_IR 109",
    "ISO88594": "ISO_IR 110",
    "ISO88595": "ISO_IR 144",
    "ISO88596": "ISO_IR 127",
    "ISO88597": "ISO_IR 126",
    "ISO88598": "ISO_IR 138",
    "ISO88599": "ISO_IR 148",
    "ISO885911": "ISO_IR 166",
    "ISO885915": "ISO_IR 203",
    "TIS620": "ISO_IR 166",
    "GB18030": "GB18030",
    "GBK": "GBK",
    "ISO2022GBK": "GBK",
    "GB2312": "GBK",
    "ISO202258": "ISO 2022 IR 58",
}
ENCODINGS = {  # not in the standard, but met
    "WINDOWS1250": "cp1250",
    "WINDOWS1251": "cp1251",
    "WINDOWS1252": "cp1252",
    "CP1250": "cp1250",
    "CP1251": "cp1251",
    "CP1252": "cp1252",
    "SHIFTJIS": "cp932",
    "SJIS": "cp932",
    "EUCJP": "euc_jp",
    "EUCKR": "cp949",
    "KSC5601": "cp949",
    "CP949": "cp949",
    "BIG5": "big5",
    "KOI8R": "koi8_r",
}
TEXT_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C}
NAME_DELIMITERS = {0x5E, 0x3D}  # between the parts of a name, and between its alphabets
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # not allowed in names and numbers
ESCAPE = 0x1B
ESCAPES = re.compile(r"\x1b(\$[()]?[@-Z]|[(),-][@-Z])?")  # that pydicom leaves in the text


def encodings_of(values: Sequence[str]) -> list[str]:
    """Python's encodings for the values of Specific Character Set, the first one first.

    >>> encodings_of(["", "ISO 2022 IR 87"]), encodings_of(["iso_ir-100"]), encodings_of(["UTF-8"])
    (['iso8859', 'iso2022_jp'], ['latin_1'], ['UTF8'])
    """
    terms = [_term(value) for value in values] or [DEFAULT]
    if terms[0] in STAND_ALONE:
        terms = terms[:1]
    terms = [term for position, term in enumerate(terms) if not position or term not in STAND_ALONE]
    return [_encoding(term) for term in terms]


def decoded_text(file: pydicom.Dataset, name: str) -> str:
    """The value of a text attribute, decoded; bytes that mean nothing become the replacement character."""
    element = file.get_item(Tag(name))
    if element is None:
        return ""
    if not isinstance(element, RawDataElement):
        value = element.value
        return "" if value is None else str(value)
    encodings = encodings_of(_character_sets(file))
    delimiters = NAME_DELIMITERS if dictionary_VR(element.tag) == "PN" else TEXT_DELIMITERS
    return CONTROLS.sub(" ", _decoded(raw_bytes(file, name), encodings, delimiters)).rstrip()


def _character_sets(file: pydicom.Dataset) -> list[str]:
    """The values of Specific Character Set, which pydicom has read before all else."""
    value = file.get("SpecificCharacterSet", None) or ""
    return [value] if isinstance(value, str) else [str(item or "") for item in value]


def _decoded(data: bytes, encodings: list[str], delimiters: set[int]) -> str:
    if ESCAPE not in data:
        return _plain(data, encodings[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what cannot be decoded: it is replaced
        try:
            decoded = decode_bytes(data, encodings, delimiters)
        except (LookupError, ValueError):
            decoded = data.decode(encodings[0], "replace")
    return ESCAPES.sub("", decoded)


def _plain(data: bytes, encoding: str) -> str:
    """Bytes without code extensions: as the header says, else UTF-8 if they are, else with replacements."""
    for candidate in (encoding if encoding != "iso8859" or data.isascii() else "utf-8", "utf-8"):
        try:
            return data.decode(candidate)
        except UnicodeDecodeError:
            continue
    return data.decode(encoding, "replace")


def _term(value: str) -> str:
    """The defined term that a value means."""
    plain = re.sub(r"[\s_\-.]+", "", value.strip(" \0")).upper()
    if not plain:
        return DEFAULT
    if match := re.fullmatch(r"ISO(2022)?IR(\d+)", plain):
        number = match[2].lstrip("0")
        extension, single = f"ISO 2022 IR {number}", f"ISO_IR {number}"
        wanted = (extension, single) if match[1] else (single, extension)
        return next((term for term in wanted if term in python_encoding or term in NEWER), plain)
    return OTHER_NAMES.get(plain, plain)


def _encoding(term: str) -> str:
    return python_encoding.get(term) or NEWER.get(term) or ENCODINGS.get(term, UNKNOWN_ENCODING)
