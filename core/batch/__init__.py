"""Batch inference: source, shards, workers, results and summary of many images at once."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.batch.job import BatchJob, begun_with_active_model, open_batch, start_batch
    from core.batch.results import FILTERS, ORDERS, matching_rows, results_at, results_csv
    from core.batch.shadow import read_batch_in_shadow
    from core.batch.summary import Summary, thumbnails, write_summary
    from core.batch.workers import run_batch

__all__ = [
    "BatchJob",
    "begun_with_active_model",
    "FILTERS",
    "ORDERS",
    "Summary",
    "read_batch_in_shadow",
    "matching_rows",
    "open_batch",
    "results_at",
    "results_csv",
    "run_batch",
    "start_batch",
    "thumbnails",
    "write_summary",
]

open_door(__name__)
