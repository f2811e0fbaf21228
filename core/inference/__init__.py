"""From images to readings: compiled models, their checks and explanations, without TensorFlow."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.inference import network_cache
    from core.inference.audit_log import (
        AGREEMENTS,
        FIRST_FINDINGS,
        WITHDRAWN,
        AuditLog,
        FirstReading,
        HumanReading,
        agreement_summary,
        first_reading_summary,
        image_numbers,
    )
    from core.inference.contradicted_labels import CONTRADICTED, contradicted_labels
    from core.inference.engine_parts import whole_model
    from core.inference.ensemble_predictor import EnsemblePredictor
    from core.inference.findings import ABSENT, FINDINGS, NO_RESULT, PRESENT, UNDECIDED
    from core.inference.framed_images import FramedImages, WholeImages
    from core.inference.heat_location import HeatLocation, heat_location
    from core.inference.heat_map import HeatMap
    from core.inference.heat_map_doubt import doubt
    from core.inference.identity import (
        IDENTITY_FILE,
        MIN_TRAINING_IMAGES,
        ModelIdentity,
        identity_of,
        model_warnings,
        short_digest,
    )
    from core.inference.image_check import Check
    from core.inference.joint_reading import read_jointly
    from core.inference.known_references import REFERENCE_FILE, reference_of, renewed_references
    from core.inference.loading import load_network, load_predictor, shared_predictor
    from core.inference.models import (
        AvailableModel,
        bundled_models,
        published_models,
    )
    from core.inference.network_predictor import NetworkPredictor
    from core.inference.occlusion import MASKS, OcclusionResult, occlusion_test
    from core.inference.out_of_distribution import check
    from core.inference.prediction import ModelOutput, Prediction, shown_threshold, shown_zones
    from core.inference.predictor import BATCH, Predictor
    from core.inference.reader import Reader
    from core.inference.reading import Reading
    from core.inference.reference import Neighbour, Reference
    from core.inference.reference_fitting import save_reference
    from core.inference.results import NOTICE, described, file_results
    from core.inference.sharper_map import SharperMap
    from core.inference.stability import UNCERTAIN, SecondOpinion
    from core.inference.track_record import PREDICTIONS
    from core.inference.worklist import MAX_WAIT_S, prioritized

__all__ = [
    "ABSENT",
    "AGREEMENTS",
    "AuditLog",
    "AvailableModel",
    "BATCH",
    "CONTRADICTED",
    "Check",
    "EnsemblePredictor",
    "FINDINGS",
    "FIRST_FINDINGS",
    "FirstReading",
    "FramedImages",
    "HeatLocation",
    "HeatMap",
    "HumanReading",
    "IDENTITY_FILE",
    "ModelIdentity",
    "ModelOutput",
    "MASKS",
    "MAX_WAIT_S",
    "MIN_TRAINING_IMAGES",
    "NOTICE",
    "NO_RESULT",
    "Neighbour",
    "NetworkPredictor",
    "PREDICTIONS",
    "PRESENT",
    "OcclusionResult",
    "Prediction",
    "Predictor",
    "REFERENCE_FILE",
    "Reader",
    "Reading",
    "Reference",
    "SecondOpinion",
    "SharperMap",
    "UNCERTAIN",
    "UNDECIDED",
    "WITHDRAWN",
    "agreement_summary",
    "file_results",
    "first_reading_summary",
    "image_numbers",
    "heat_location",
    "check",
    "contradicted_labels",
    "doubt",
    "described",
    "identity_of",
    "load_network",
    "load_predictor",
    "model_warnings",
    "network_cache",
    "occlusion_test",
    "prioritized",
    "published_models",
    "read_jointly",
    "reference_of",
    "renewed_references",
    "save_reference",
    "shared_predictor",
    "short_digest",
    "shown_threshold",
    "shown_zones",
    "bundled_models",
    "whole_model",
    "WholeImages",
]

open_door(__name__)
