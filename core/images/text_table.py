"""Reading a table of text as any program writes it: with any delimiter, line ends, quotes and encoding."""

import codecs
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

SAMPLE = 100  # rows by which a delimiter is chosen
DELIMITERS = (",", ";", "\t", "|", "")  # the last: one value per line
ENCODINGS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

SEPARATOR_LINE = re.compile(r'\A"?sep=.?"?\n', re.IGNORECASE)  # with which Excel names the delimiter

Rows = list[list[str]]


def read_text_table(file: Path, rate: Callable[[Rows], Any]) -> Rows:
    """The rows of a table; each value is text, without the spaces around it. Empty rows are left out.

    Bytes that are not UTF-8 become lone surrogates, as in the names of files.

    Args:
        file: path of the table.
        rate: says how good a reading is by its first `SAMPLE` rows; the best one is taken, then one in which
            every row has the same number of values.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not text.
    """
    text = _text(file.read_bytes())
    sample = "\n".join(text.split("\n", SAMPLE)[:SAMPLE])
    best = max(DELIMITERS, key=lambda delimiter: _rating(_rows(sample, delimiter), delimiter, rate))
    return _rows(text, best)


def _text(data: bytes) -> str:
    encoding, start = "utf-8", 0
    for mark, name in ENCODINGS.items():
        if data.startswith(mark):
            encoding, start = name, len(mark)
    if encoding == "utf-8" and b"\0" in data:
        raise ValueError("it contains null bytes")
    text = data[start:].decode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    return SEPARATOR_LINE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _rows(text: str, delimiter: str) -> Rows:
    if delimiter:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
        except csv.Error:  # a value longer than csv allows, as in binary files
            return []
    else:
        rows = [[line] for line in text.split("\n")]
    cleaned = [[_unquoted(value.strip()) for value in row] for row in rows]
    return [row for row in cleaned if any(row)]


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _rating(rows: Rows, delimiter: str, rate: Callable[[Rows], Any]) -> tuple:
    even = len({len(row) for row in rows}) == 1
    several = even and len(rows[0]) > 1
    return rate(rows), several, not delimiter
