"""From a Radiograph to a Prediction."""

from core.diagnosis.answers import answer_files
from core.diagnosis.explain import HeatMap
from core.diagnosis.models import AvailableModel, available_models, save_operating_point
from core.diagnosis.opinions import UNCERTAIN, Opinion, opinion
from core.diagnosis.predictor import Prediction, Predictor, borderline, load_predictor, shared_predictor
from core.diagnosis.reading import Reading, certainty
from core.diagnosis.report import overlay_png, reading_report
from core.diagnosis.second_look import MASKS, SecondLook, second_look

__all__ = [
    "MASKS",
    "UNCERTAIN",
    "AvailableModel",
    "HeatMap",
    "Opinion",
    "Prediction",
    "Predictor",
    "Reading",
    "SecondLook",
    "answer_files",
    "available_models",
    "borderline",
    "certainty",
    "load_predictor",
    "opinion",
    "overlay_png",
    "reading_report",
    "save_operating_point",
    "second_look",
    "shared_predictor",
]
