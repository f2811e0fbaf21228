"""From a Radiograph to a Prediction."""

from core.diagnosis.explain import HeatMap
from core.diagnosis.models import AvailableModel, available_models, save_operating_point
from core.diagnosis.predictor import Prediction, Predictor, borderline, load_predictor, shared_predictor
from core.diagnosis.second_look import MASKS, SecondLook, second_look

__all__ = [
    "MASKS",
    "AvailableModel",
    "HeatMap",
    "Prediction",
    "Predictor",
    "SecondLook",
    "available_models",
    "borderline",
    "load_predictor",
    "save_operating_point",
    "second_look",
    "shared_predictor",
]
