"""Names of files as people read them: printable, distinct, and decoded as their zip means them.

A name on disk is bytes. Python keeps those that are not UTF-8 as lone surrogates, which no text file, page or
JSON may hold, so they are written as `\\xe9`, like control characters, which could forge lines.
"""

import os
import re
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePath, PurePosixPath

UTF8_NAME = 0x800  # flag bit of a zip's entry
UNICODE_PATH = 0x7075  # extra field of Info-ZIP: the name in UTF-8
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uff66-\uff9f々〆ー]{2}")  # two in a row


def shown(name: str | PurePath) -> str:
    r"""A name or path without characters that cannot be shown; `stored_path` finds the file again.

    >>> shown("caf\udce9.png"), shown("a\nb.png")
    ('caf\\xe9.png', 'a\\x0ab.png')
    """
    return UNSAFE.sub(lambda match: _escape(ord(match[0])), str(name))


def stored_path(path: Path) -> Path:
    """The file that a shown path means: the path itself if it exists, else with its escapes undone."""
    if "\\" not in str(path) or os.path.lexists(path):
        return path
    return Path(ESCAPED.sub(_unescape, str(path)))


def distinct(name: str, taken: set[str]) -> str:
    """The name, or `name (2)` and so on, where a name that looks like it is taken; it is taken afterwards.

    Case and Unicode normalisation are ignored, as file systems of Windows and macOS do.

    >>> taken = set()
    >>> distinct("IM1.dcm", taken), distinct("im1.dcm", taken), distinct("IM1.dcm", taken)
    ('IM1.dcm', 'im1 (2).dcm', 'IM1 (3).dcm')
    """
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix) <= 6 and not path.suffix[1:].isdigit() else ""
    candidate, number = name, 1
    while folded(candidate) in taken:
        number += 1
        candidate = f"{name.removesuffix(suffix)} ({number}){suffix}"
    taken.add(folded(candidate))
    return candidate


def folded(name: str) -> str:
    """What two names have in common that differ only in case or Unicode normalisation."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def without_name(sentence: str, path: str, instead: str = "The file") -> str:
    """A sentence that begins with a file's name or path, with other words instead: names may tell who it is.

    Short names occur in other words, so nothing else is replaced.
    """
    for name in (path, PurePosixPath(path).name):
        if sentence.startswith(f"{name} "):
            return f"{instead}{sentence[len(name) :]}"
    before, _, after = sentence.partition(f"{path} ")
    is_absolute = before.startswith("/") and before.endswith("/")
    return f"{instead} {after}" if is_absolute and after else sentence


def entry_path(entry: zipfile.ZipInfo) -> str:
    """The path of a zip's entry, decoded and printable, with forward slashes.

    Without its UTF-8 flag a name is in code page 437 by the standard (APPNOTE, appendix D). Many programs
    write UTF-8 or Shift-JIS all the same, or add the name in UTF-8 as an extra field.
    """
    return shown(_decoded(entry).replace("\\", "/"))


def _decoded(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if entry.flag_bits & UTF8_NAME or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:  # this version of Python has read the extra field itself
        return name
    if unicode_path := _unicode_path(entry.extra, raw):
        return unicode_path
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        japanese = raw.decode("cp932")
    except UnicodeDecodeError:
        return name
    return japanese if JAPANESE.search(japanese) else name


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in the Info-ZIP Unicode Path field, if it belongs to the name in the entry; else ""."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and field[:1] == b"\1" and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return field[5:].decode("utf-8", "replace")
    return ""


def _escape(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code + 0xDC00) if match[1] and code >= 0x80 else chr(code)
