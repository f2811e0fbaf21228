"""Comparison: trained models side by side, their occlusion tests, and the report on them."""

from core.comparison.evaluated_stage import EvaluatedStage, evaluated_stages
from core.comparison.model_comparison import ENSEMBLE, ModelComparison
from core.comparison.occlusion import (
    OcclusionEffect,
    image_map,
    occlusion_effects,
    occlusion_table,
    run_occlusion_test,
)
from core.comparison.report import write_report
from core.comparison.report_figures import DECISION_THRESHOLDS, curve_points

__all__ = [
    "DECISION_THRESHOLDS",
    "ENSEMBLE",
    "EvaluatedStage",
    "ModelComparison",
    "OcclusionEffect",
    "curve_points",
    "evaluated_stages",
    "image_map",
    "occlusion_effects",
    "occlusion_table",
    "run_occlusion_test",
    "write_report",
]
