"""Evaluation: labels and probabilities in, metrics with their uncertainty out."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.evaluation.auc_sizes import (
        CORRELATION,
        ImagesByClass,
        auc_interval_width,
        images_for_auc_margin,
        smallest_auc_margin,
    )
    from core.evaluation.calibration import (
        TEMPERATURE_RANGE,
        calibrated,
        fit_temperature,
        log_odds,
        mean_log_odds,
        reliability,
    )
    from core.evaluation.calibration_line import CalibrationLine, calibration_line
    from core.evaluation.clinical_use import net_benefit, net_benefits, predictive_values
    from core.evaluation.curves import Curve, precision_recall, roc
    from core.evaluation.ensembles import ensemble
    from core.evaluation.estimators import CountStatistic, Proportion, ScoreStatistic
    from core.evaluation.intervals import (
        Interval,
        patient_weights,
        percentile_interval,
        wilson,
        wilson_by_patient,
    )
    from core.evaluation.kappa import Kappa, cohens_kappa, fleiss_kappa
    from core.evaluation.measurement import evaluate, evaluate_with_intervals, interval, intervals
    from core.evaluation.metrics import METRICS, Metric
    from core.evaluation.misclassified import disagreements, misclassified, misclassified_by_all
    from core.evaluation.operating_points import (
        DEFAULT,
        FIXED_SENSITIVITIES,
        RULES,
        TARGET_SENSITIVITY,
        OperatingPoint,
        at_least,
        check_minimum,
        find_point,
        frozen_points,
        lowest_cost,
        specificities,
        youden,
    )
    from core.evaluation.outcomes import only_label
    from core.evaluation.paired_tests import Difference, delong, holm, mcnemar, paired_rate
    from core.evaluation.pairwise import PairwiseTest, pairwise_tests
    from core.evaluation.patients import patient_groups
    from core.evaluation.percentages import counted_share, percent
    from core.evaluation.predictions import Predictions, on_common_images
    from core.evaluation.rate_sizes import (
        POWER,
        ExactTest,
        consecutive_images,
        expected_interval,
        highest_minimum,
        images_for_width,
        images_to_exceed,
    )
    from core.evaluation.sample_size import MIN_PATIENTS, too_few
    from core.evaluation.subgroups import subgroup_rates
    from core.evaluation.tables import (
        calibration_table,
        calibration_text,
        difference_rows,
        difference_table,
        metric_table,
        over_seeds,
        side_by_side,
        subgroup_table,
    )
    from core.evaluation.zones import (
        FALSE_ALARM_RATE,
        MISS_RATE,
        RULE_IN,
        RULE_OUT,
        UNDECIDED,
        ZONES,
        KeptRate,
        ZoneOutcome,
        Zones,
        find_zones,
        outcome_of_parts,
        patients_for_rate,
        zone_outcome,
    )

__all__ = [
    "TEMPERATURE_RANGE",
    "CORRELATION",
    "CalibrationLine",
    "POWER",
    "ExactTest",
    "ImagesByClass",
    "auc_interval_width",
    "consecutive_images",
    "counted_share",
    "expected_interval",
    "highest_minimum",
    "images_for_auc_margin",
    "images_for_width",
    "images_to_exceed",
    "smallest_auc_margin",
    "DEFAULT",
    "METRICS",
    "MIN_PATIENTS",
    "RULES",
    "TARGET_SENSITIVITY",
    "CountStatistic",
    "Curve",
    "Difference",
    "Interval",
    "Kappa",
    "Metric",
    "OperatingPoint",
    "PairwiseTest",
    "Predictions",
    "Proportion",
    "ScoreStatistic",
    "at_least",
    "calibrated",
    "calibration_line",
    "calibration_table",
    "calibration_text",
    "delong",
    "difference_rows",
    "difference_table",
    "disagreements",
    "ensemble",
    "evaluate",
    "evaluate_with_intervals",
    "check_minimum",
    "cohens_kappa",
    "find_point",
    "fit_temperature",
    "fleiss_kappa",
    "log_odds",
    "frozen_points",
    "holm",
    "interval",
    "intervals",
    "lowest_cost",
    "mcnemar",
    "mean_log_odds",
    "metric_table",
    "misclassified",
    "misclassified_by_all",
    "net_benefit",
    "net_benefits",
    "on_common_images",
    "only_label",
    "over_seeds",
    "paired_rate",
    "pairwise_tests",
    "precision_recall",
    "predictive_values",
    "reliability",
    "roc",
    "side_by_side",
    "subgroup_rates",
    "subgroup_table",
    "too_few",
    "patient_groups",
    "patient_weights",
    "percent",
    "percentile_interval",
    "wilson",
    "wilson_by_patient",
    "youden",
    "FALSE_ALARM_RATE",
    "MISS_RATE",
    "RULE_IN",
    "RULE_OUT",
    "UNDECIDED",
    "ZONES",
    "KeptRate",
    "ZoneOutcome",
    "Zones",
    "find_zones",
    "patients_for_rate",
    "outcome_of_parts",
    "zone_outcome",
    "FIXED_SENSITIVITIES",
    "specificities",
]

open_door(__name__)
