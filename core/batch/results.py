"""Results of a batch job, filtered, sorted and paged: files are scanned, never loaded as a whole."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from core.batch.job import COLUMNS, BatchJob
from core.config import CLASS_NAMES, POSITIVE

pc: Any = pyarrow.compute  # most of its functions are generated on import, which no type checker sees

FILTERS = {
    "all": None,
    "pneumonia": pc.field("label") == CLASS_NAMES[POSITIVE],
    "no pneumonia": pc.field("label") == CLASS_NAMES[1 - POSITIVE],
    "with warnings": pc.is_valid(pc.field("label")) & (pc.list_value_length(pc.field("warnings")) > 0),
    "withheld": pc.is_valid(pc.field("withheld")),
    "unreadable": pc.is_valid(pc.field("error")),
}
ORDERS = ("highest probability", "lowest probability", "closest to the threshold", "path")


def matching_rows(job: BatchJob, filter_name: str, order: str, text: str = "") -> np.ndarray:
    """Row numbers of the results that match a filter, in the given order; int64 (n,).

    Args:
        filter_name: one of `FILTERS`.
        order: one of `ORDERS`.
        text: part of the path; case is ignored.
    """
    column = "path" if order == "path" else "probability"
    results = job.predictions().to_table(columns=[column, "threshold"], filter=_expression(filter_name, text))
    values = results.column(column)
    if order == "closest to the threshold":
        values = pc.abs(pc.subtract(values, results.column("threshold")))
    direction = "descending" if order == "highest probability" else "ascending"
    return pc.array_sort_indices(values, order=direction).to_numpy().astype(np.int64)


def results_at(job: BatchJob, filter_name: str, text: str, rows: np.ndarray) -> list[dict]:
    """The results at row numbers from `matching_rows`; keys are the names of `COLUMNS`."""
    return job.predictions().take(pa.array(rows), filter=_expression(filter_name, text)).to_pylist()


def results_csv(job: BatchJob, filter_name: str, text: str) -> bytes:
    """The results that match a filter as CSV, in the order of the manifest."""
    columns = {name: pc.field(name) for name in COLUMNS.names}
    for field in COLUMNS:
        if pa.types.is_list(field.type):  # which CSV does not know
            columns[field.name] = pc.binary_join(pc.field(field.name).cast(pa.list_(pa.string())), " ")
    buffer = io.BytesIO()
    scanner = job.predictions().scanner(columns=columns, filter=_expression(filter_name, text))
    with pyarrow.csv.CSVWriter(buffer, scanner.projected_schema) as writer:
        for batch in scanner.to_batches():
            writer.write(batch)
    return buffer.getvalue()


def _expression(filter_name: str, text: str) -> pyarrow.compute.Expression | None:
    expression = FILTERS[filter_name]
    if not text:
        return expression
    path_matches = pc.match_substring(pc.field("path"), text, ignore_case=True)
    return path_matches if expression is None else expression & path_matches
