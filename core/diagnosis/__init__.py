"""From a Radiograph to a Prediction."""

from core.diagnosis.explain import HeatMap
from core.diagnosis.models import AvailableModel, available_models, save_operating_point
from core.diagnosis.predictor import BORDERLINE, Prediction, Predictor, load_predictor, shared_predictor

__all__ = [
    "BORDERLINE",
    "AvailableModel",
    "HeatMap",
    "Prediction",
    "Predictor",
    "available_models",
    "load_predictor",
    "save_operating_point",
    "shared_predictor",
]
