"""Labels and probabilities in, numbers with their uncertainty out."""

from core.evaluation.calibration import calibrated, fit_temperature, reliability
from core.evaluation.comparison import MEASURES, Comparison, compare
from core.evaluation.curves import Curve, precision_recall, roc
from core.evaluation.differences import Difference, delong, holm, mcnemar, paired_rate
from core.evaluation.ensembles import ensemble
from core.evaluation.intervals import wilson
from core.evaluation.metrics import evaluate, intervals, net_benefit, predictive_values
from core.evaluation.mistakes import disagreements, missed_by_all, mistakes
from core.evaluation.operating_points import (
    DEFAULT,
    FROZEN,
    SENSITIVITY,
    OperatingPoint,
    at_least,
    found_by,
    frozen_points,
    lowest_cost,
    youden,
)
from core.evaluation.predictions import Predictions
from core.evaluation.subgroups import rates
from core.evaluation.tables import (
    METRICS,
    calibration_table,
    difference_table,
    group_table,
    in_words,
    measured,
    metric_table,
    over_seeds,
    side_by_side,
)

__all__ = [
    "DEFAULT",
    "FROZEN",
    "MEASURES",
    "METRICS",
    "SENSITIVITY",
    "Comparison",
    "Curve",
    "Difference",
    "OperatingPoint",
    "Predictions",
    "at_least",
    "calibrated",
    "calibration_table",
    "compare",
    "delong",
    "difference_table",
    "disagreements",
    "ensemble",
    "evaluate",
    "fit_temperature",
    "found_by",
    "frozen_points",
    "group_table",
    "holm",
    "in_words",
    "intervals",
    "lowest_cost",
    "mcnemar",
    "measured",
    "metric_table",
    "missed_by_all",
    "mistakes",
    "net_benefit",
    "over_seeds",
    "paired_rate",
    "precision_recall",
    "predictive_values",
    "rates",
    "reliability",
    "roc",
    "side_by_side",
    "wilson",
    "youden",
]
