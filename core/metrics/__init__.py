"""Figures for monitoring in Prometheus's text format: images, latencies, queues, failures, the model."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.metrics.counts import (
        ANSWERED,
        FAILED,
        WITHHELD,
        count_answer,
        count_images,
        count_request,
        waiting,
    )
    from core.metrics.text import CONTENT_TYPE, metrics_text

__all__ = [
    "ANSWERED",
    "CONTENT_TYPE",
    "FAILED",
    "WITHHELD",
    "count_answer",
    "count_images",
    "count_request",
    "metrics_text",
    "waiting",
]

open_door(__name__)
