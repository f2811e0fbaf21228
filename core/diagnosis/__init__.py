"""From a Radiograph to a Prediction."""

from core.diagnosis.models import AvailableModel, available_models
from core.diagnosis.predictor import Prediction, Predictor, load_predictor

__all__ = ["AvailableModel", "Prediction", "Predictor", "available_models", "load_predictor"]
