"""Model files as data: plain arrays by layer name, checked against our own architecture, never executed."""

from core.weights.reader import (
    WeightsError,
    file_digest,
    read_backbone,
    read_model,
    read_record,
)
from core.weights.record import ModelRecord

__all__ = [
    "ModelRecord",
    "WeightsError",
    "file_digest",
    "read_backbone",
    "read_model",
    "read_record",
]
