"""Weights files as data: plain arrays by layer name, checked against our architecture, never executed."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.weights import imagenet
    from core.weights.ensemble_file import intact_members, member_paths, write_ensemble
    from core.weights.layer_arrays import Arrays, StoredArrays, WeightsError
    from core.weights.network_file import read_network, write_network
    from core.weights.packed import write_packed
    from core.weights.quantised_kernel import (
        QuantisedKernel,
        StoredArray,
        finely_quantised,
        unpacked,
    )
    from core.weights.reader import (
        describe_foreign_model,
        file_digest,
        read_backbone,
        read_foreign_model,
        read_model,
        read_record,
        read_stored_model,
        read_unpacked_model,
    )
    from core.weights.record import Member, ModelRecord, model_title, update_record, write_record
    from core.weights.writer import write_model

__all__ = [
    "Arrays",
    "Member",
    "ModelRecord",
    "QuantisedKernel",
    "StoredArray",
    "StoredArrays",
    "WeightsError",
    "describe_foreign_model",
    "update_record",
    "file_digest",
    "finely_quantised",
    "imagenet",
    "intact_members",
    "member_paths",
    "model_title",
    "read_backbone",
    "read_foreign_model",
    "read_model",
    "read_network",
    "read_record",
    "read_stored_model",
    "read_unpacked_model",
    "unpacked",
    "write_ensemble",
    "write_model",
    "write_network",
    "write_packed",
    "write_record",
]

open_door(__name__)
