"""What a model's probabilities were worth on its test images: how many of those scored alike had pneumonia.

Temperature scaling is fitted on validation images and need not hold on others. The test images whose
probabilities are nearest to an image's say how far it does, unless the probabilities were calibrated for a
hospital: its images, not the test images, are then what they are to agree with.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation import calibrated, percent, wilson
from core.runs import open_run
from core.sentence import Sentence
from core.weights import ModelRecord, WeightsError, read_record

PREDICTIONS = "predictions-{}.csv"  # beside the weights of a registered version, by split
SIMILAR = 30  # test images
TOLERANCE = 0.05  # by which a probability may lie outside the interval and still count as right
MIN_IMAGES = 4 * SIMILAR  # in a test set, so that the nearest are near
MAX_LOADED = 8
TOO_HIGH, TOO_LOW = "too high", "too low"


@dataclass(frozen=True)
class SimilarScores:
    """The test images whose probabilities are nearest to one probability.

    Attributes:
        images: how many.
        positives: how many of them have pneumonia.
        lowest, highest: of their calibrated probabilities.
        interval: Wilson's 95% interval of the share with pneumonia.
    """

    images: int
    positives: int
    lowest: float
    highest: float
    interval: tuple[float, float]

    def sentence(self) -> str:
        """How many of them have pneumonia."""
        low, high = percent(self.lowest, 0), percent(self.highest, 0)
        if low != high:
            between = Sentence("{low} to {high}", low=low, high=high)
        else:
            between = low if low[0] in "<>" else Sentence("about {low}", low=low)
        return Sentence(
            "Of the {images} test images with the nearest probabilities ({between}), {positives} had "
            "pneumonia.",
            images=self.images,
            between=between,
            positives=self.positives,
        )

    def contradiction(self, probability: float) -> str:
        """`too high` or `too low` if the share with pneumonia contradicts a probability; else ""."""
        low, high = self.interval
        if probability > high + TOLERANCE:
            return TOO_HIGH
        return TOO_LOW if probability < low - TOLERANCE else ""


@dataclass(frozen=True, eq=False)
class TrackRecord:
    """A model's predictions for its test images.

    Attributes:
        probabilities: calibrated, in ascending order, float64 (n,).
        labels: 0 or 1, int64 (n,).
    """

    probabilities: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, labels: np.ndarray, temperature: float) -> "TrackRecord":
        """From predictions in any order, before calibration, and the temperature of the model."""
        order = np.argsort(probabilities, kind="stable")
        return cls(calibrated(probabilities[order], temperature), labels[order])

    def near(self, probability: float) -> SimilarScores:
        """The test images with the nearest probabilities.

        Args:
            probability: calibrated.
        """
        chosen = np.argsort(np.abs(self.probabilities - probability), kind="stable")[:SIMILAR]
        positives, near = int(self.labels[chosen].sum()), self.probabilities[chosen]
        interval = wilson(positives, len(chosen))
        assert interval is not None  # there are images
        return SimilarScores(len(chosen), positives, float(near.min()), float(near.max()), interval)


def track_record_of(record: ModelRecord, weights: Path) -> TrackRecord | None:
    """The track record of a model; None if its test predictions are unknown or too few, or say nothing of a
    hospital that it was calibrated for.

    Args:
        record: of the model.
        weights: its weights file. A registered version has its predictions beside it; those of any other
            model are in its run's folder.
    """
    if record.temperature_rule:
        return None
    path = weights.with_name(PREDICTIONS.format("test"))
    try:
        if not path.exists():
            run = open_run(record.run)
            if read_record(run.weights_path(record.stage)).created != record.created:
                return None
            path = run.results.predictions_path(record.stage, "test")
        return _loaded(path, path.stat().st_mtime_ns, record.temperature)
    except (UserError, WeightsError, OSError, ValueError, KeyError, TypeError, csv.Error):  # such as cut rows
        return None


@lru_cache(maxsize=MAX_LOADED)
def _loaded(path: Path, _modified: int, temperature: float) -> TrackRecord | None:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    probabilities = np.array([float(row["probability"]) for row in rows])
    if not ((probabilities >= 0) & (probabilities <= 1)).all() or len(rows) < MIN_IMAGES:
        return None
    labels = np.array([row["label"] == CLASS_NAMES[POSITIVE] for row in rows], np.int64)
    return TrackRecord.of(probabilities, labels, temperature)
