"""From a Radiograph to a Prediction."""

from core.diagnosis.explain import HeatMap
from core.diagnosis.models import AvailableModel, available_models, save_operating_point
from core.diagnosis.predictor import Prediction, Predictor, borderline, load_predictor, shared_predictor

__all__ = [
    "AvailableModel",
    "HeatMap",
    "Prediction",
    "Predictor",
    "available_models",
    "borderline",
    "load_predictor",
    "save_operating_point",
    "shared_predictor",
]
