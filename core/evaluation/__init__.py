"""Labels and probabilities in, numbers with their uncertainty out."""

from core.evaluation.calibration import calibrated, fit_temperature, reliability
from core.evaluation.differences import Difference, delong, holm, mcnemar, paired_rate
from core.evaluation.intervals import wilson
from core.evaluation.metrics import evaluate, intervals, net_benefit, predictive_values
from core.evaluation.operating_points import (
    DEFAULT,
    OperatingPoint,
    at_least,
    frozen_points,
    lowest_cost,
    youden,
)

__all__ = [
    "DEFAULT",
    "Difference",
    "OperatingPoint",
    "at_least",
    "calibrated",
    "delong",
    "evaluate",
    "fit_temperature",
    "frozen_points",
    "holm",
    "intervals",
    "lowest_cost",
    "mcnemar",
    "net_benefit",
    "paired_rate",
    "predictive_values",
    "reliability",
    "wilson",
    "youden",
]
