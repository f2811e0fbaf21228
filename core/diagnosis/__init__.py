"""From a Radiograph to a Prediction."""

from core.diagnosis.models import AvailableModel, available_models
from core.diagnosis.predictor import BORDERLINE, Prediction, Predictor, load_predictor

__all__ = ["BORDERLINE", "AvailableModel", "Prediction", "Predictor", "available_models", "load_predictor"]
