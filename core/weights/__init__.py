"""Model files as data: plain arrays by layer name, checked against our own architecture, never executed."""

from core.weights.packed import write_packed
from core.weights.reader import (
    Arrays,
    WeightsError,
    file_digest,
    read_backbone,
    read_model,
    read_record,
)
from core.weights.record import ModelRecord, change_record
from core.weights.writer import write_model

__all__ = [
    "Arrays",
    "ModelRecord",
    "WeightsError",
    "change_record",
    "file_digest",
    "read_backbone",
    "read_model",
    "read_record",
    "write_model",
    "write_packed",
]
