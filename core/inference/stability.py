"""A second opinion: whether the result holds for shifted and mirrored copies and for the other stages."""

from dataclasses import dataclass

import numpy as np

from core.config import CLASS_NAMES, IMAGE_SIZE, POSITIVE
from core.evaluation import calibrated
from core.inference.prediction import ModelOutput, Prediction
from core.inference.predictor import Predictor
from core.inference.reference import Neighbour

SHIFT = 3  # pixels of 128, in each direction
MAX_CHANGED = 1  # of the copies; with more, the finding is uncertain
UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True)
class SecondOpinion:
    """How far a result can be relied on.

    Attributes:
        finding: `NORMAL`, `PNEUMONIA`, or `UNCERTAIN` if the result changes in two or more copies.
        changed: in how many shifted or mirrored copies the result changes.
        copies: how many copies there are.
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
        probabilities = predictor.probabilities(copies(output.pixels))
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
