"""Answers of an archive in the order a reader wants, a page at a time: rows are scanned, not kept."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from core.config import CLASS_NAMES, POSITIVE
from core.diagnosis.archive import COLUMNS, Archive

KINDS = {
    "all": None,
    "pneumonia": pc.field("label") == CLASS_NAMES[POSITIVE],
    "no pneumonia": pc.field("label") == CLASS_NAMES[1 - POSITIVE],
    "with warnings": pc.is_valid(pc.field("label")) & (pc.list_value_length(pc.field("warnings")) > 0),
    "withheld": pc.is_valid(pc.field("withheld")),
    "not read": pc.is_valid(pc.field("error")),
}
ORDERS = ("most likely first", "least likely first", "nearest to the threshold", "by path")


def matching(archive: Archive, kind: str, order: str, text: str = "") -> np.ndarray:
    """Places of the answers that are asked for, in the order asked for; int64 (n,).

    Args:
        kind: one of `KINDS`.
        order: one of `ORDERS`.
        text: part of the path; case does not count.
    """
    place = "path" if order == "by path" else "probability"
    found = archive.answers().to_table(columns=[place, "threshold"], filter=_wanted(kind, text))
    values = found.column(place)
    if order == "nearest to the threshold":
        values = pc.abs(pc.subtract(values, found.column("threshold")))
    direction = "descending" if order == "most likely first" else "ascending"
    return pc.array_sort_indices(values, order=direction).to_numpy().astype(np.int64)


def page_of(archive: Archive, kind: str, text: str, places: np.ndarray) -> list[dict]:
    """The answers at some places that `matching` gave, by the names of `COLUMNS`."""
    return archive.answers().take(pa.array(places), filter=_wanted(kind, text)).to_pylist()


def written_as_csv(archive: Archive, kind: str, text: str) -> bytes:
    """The answers that are asked for as CSV, in the order of the archive."""
    columns = {name: pc.field(name) for name in COLUMNS.names}
    columns["warnings"] = pc.binary_join(pc.field("warnings"), " ")
    target = io.BytesIO()
    scanner = archive.answers().scanner(columns=columns, filter=_wanted(kind, text))
    with pyarrow.csv.CSVWriter(target, scanner.projected_schema) as writer:
        for batch in scanner.to_batches():
            writer.write(batch)
    return target.getvalue()


def _wanted(kind: str, text: str) -> pc.Expression | None:
    wanted = KINDS[kind]
    if not text:
        return wanted
    named = pc.match_substring(pc.field("path"), text, ignore_case=True)
    return named if wanted is None else wanted & named
