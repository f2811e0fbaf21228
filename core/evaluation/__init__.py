"""Labels and probabilities in, numbers with their uncertainty out."""

from core.evaluation.calibration import calibrated, fit_temperature, reliability
from core.evaluation.comparison import MEASURES, Comparison, compare
from core.evaluation.curves import Curve, precision_recall, roc
from core.evaluation.differences import Difference, delong, holm, mcnemar, paired_rate
from core.evaluation.intervals import wilson
from core.evaluation.metrics import evaluate, intervals, net_benefit, predictive_values
from core.evaluation.mistakes import disagreements, missed_by_all, mistakes
from core.evaluation.operating_points import (
    DEFAULT,
    OperatingPoint,
    at_least,
    found_by,
    frozen_points,
    lowest_cost,
    youden,
)
from core.evaluation.predictions import Predictions
from core.evaluation.subgroups import rates

__all__ = [
    "disagreements",
    "missed_by_all",
    "mistakes",
    "DEFAULT",
    "MEASURES",
    "Comparison",
    "Curve",
    "Difference",
    "OperatingPoint",
    "Predictions",
    "at_least",
    "calibrated",
    "compare",
    "delong",
    "evaluate",
    "fit_temperature",
    "found_by",
    "frozen_points",
    "holm",
    "intervals",
    "lowest_cost",
    "mcnemar",
    "net_benefit",
    "paired_rate",
    "precision_recall",
    "predictive_values",
    "rates",
    "reliability",
    "roc",
    "wilson",
    "youden",
]
