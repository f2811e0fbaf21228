"""A second opinion: whether the result holds for shifted and mirrored copies and for the other stages."""

from dataclasses import dataclass

import numpy as np

from core.config import CLASS_NAMES, IMAGE_SIZE, POSITIVE
from core.evaluation import calibrated, log_odds
from core.inference.prediction import ModelOutput, Prediction
from core.inference.predictor import Predictor
from core.inference.reference import Neighbour
from core.weights import ModelRecord

SHIFT = 3  # pixels of 128, in each direction
MAX_CHANGED = 1  # of the copies; with more, the finding is uncertain
CLEAR = 1.5  # log-odds from the threshold that the image and its mirrored copies must have, and
STEADY = 0.02  # width of their range, for these to suffice: docs/results/second-opinion.md
UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True)
class SecondOpinion:
    """How far a result can be relied on.

    Attributes:
        finding: `NORMAL`, `PNEUMONIA`, or `UNCERTAIN` if the result changes in two or more copies.
        changed: in how many shifted or mirrored copies the result changes.
        copies: how many copies were judged: all eight, or four where the result is clear.
        lowest, highest: calibrated probability over the image and its copies.
        stages: prediction of each available stage, by its number.
        similar: most similar training images; empty without a reference.
    """

    finding: str
    changed: int
    copies: int
    lowest: float
    highest: float
    stages: dict[int, Prediction]
    similar: list[Neighbour]

    @property
    def stages_agree(self) -> bool:
        """Whether all stages predict the same label."""
        return len({prediction.label for prediction in self.stages.values()}) <= 1

    @classmethod
    def of(
        cls,
        output: ModelOutput,
        predictor: Predictor,
        stages: dict[int, Prediction],
        similar: list[Neighbour] | None = None,
    ) -> "SecondOpinion":
        """Judge the copies of an image and compare.

        Args:
            output: of the model, for the image.
            predictor: of the same model.
            stages, similar: as in the attributes.
        """
        prediction = output.prediction
        probabilities = _probabilities(output, predictor)
        positive = probabilities >= predictor.record.threshold
        changed = int((positive != (prediction.label == CLASS_NAMES[POSITIVE])).sum())
        shown = [prediction.calibrated, *calibrated(probabilities, predictor.record.temperature)]
        return cls(
            UNCERTAIN if changed > MAX_CHANGED else prediction.label,
            changed,
            len(probabilities),
            float(min(shown)),
            float(max(shown)),
            dict(sorted(stages.items())),
            similar or [],
        )


def _probabilities(output: ModelOutput, predictor: Predictor) -> np.ndarray:
    """Of the mirrored copies; of the others, too, unless image and mirrored copies leave no doubt."""
    others, mirrored = np.split(copies(output.pixels), 2)
    probabilities = predictor.probabilities(mirrored)
    if _is_clear(np.append(probabilities, output.prediction.probability), predictor.record):
        return probabilities
    return np.append(probabilities, predictor.probabilities(others))


def _is_clear(probabilities: np.ndarray, record: ModelRecord) -> bool:
    """Whether probabilities, before calibration, are all well on one side of the threshold and much alike."""
    distances = log_odds(probabilities) - log_odds(record.threshold)
    on_one_side = (distances >= CLEAR).all() or (distances <= -CLEAR).all()
    return bool(on_one_side and np.ptp(calibrated(probabilities, record.temperature)) <= STEADY)


def copies(pixels: np.ndarray) -> np.ndarray:
    """An image and its mirror image, each shifted in four directions: uint8 (8, 128, 128).

    Args:
        pixels: uint8 (128, 128); the edge is repeated where a shift leaves a gap.
    """
    shifted = []
    for image in (pixels, pixels[:, ::-1]):
        padded = np.pad(image, SHIFT, mode="edge")
        for top, left in ((0, SHIFT), (2 * SHIFT, SHIFT), (SHIFT, 0), (SHIFT, 2 * SHIFT)):
            shifted.append(padded[top : top + IMAGE_SIZE, left : left + IMAGE_SIZE])
    return np.stack(shifted)
