"""Comparison: trained models side by side, their occlusion tests, and the report on them."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.comparison.evaluated_stage import (
        EvaluatedStage,
        evaluated_stages,
        shortly_named,
        stage_named,
    )
    from core.comparison.heat_shares import HEAT_IN_LUNGS, heat_share_table, mean_heat_share
    from core.comparison.model_comparison import ENSEMBLE_NAME, ModelComparison
    from core.comparison.occlusion import (
        OcclusionEffect,
        effects_on,
        image_map,
        mapped,
        occluded,
        occlusion_effects,
        occlusion_table,
        run_occlusion_test,
    )
    from core.comparison.report import write_report
    from core.comparison.report_figures import DECISION_THRESHOLDS, curve_points
    from core.comparison.report_sections import SYNTHETIC
    from core.comparison.verdict import verdict
    from core.comparison.zones import ModelZones, model_zones, zone_table, zone_text

__all__ = [
    "DECISION_THRESHOLDS",
    "ENSEMBLE_NAME",
    "SYNTHETIC",
    "EvaluatedStage",
    "HEAT_IN_LUNGS",
    "ModelComparison",
    "OcclusionEffect",
    "curve_points",
    "effects_on",
    "evaluated_stages",
    "heat_share_table",
    "image_map",
    "mapped",
    "mean_heat_share",
    "occluded",
    "occlusion_effects",
    "occlusion_table",
    "run_occlusion_test",
    "shortly_named",
    "stage_named",
    "verdict",
    "write_report",
    "ModelZones",
    "model_zones",
    "zone_table",
    "zone_text",
]

open_door(__name__)
