"""How far an answer can be relied on: small changes of the film, and what the other stages say."""

from dataclasses import dataclass, field

import numpy as np

from core.config import IMAGE_SIZE
from core.diagnosis.predictor import Look, Prediction, Predictor
from core.diagnosis.reference import Neighbour, Reference
from core.evaluation import calibrated
from core.images import Radiograph

SHIFT = 3  # pixels of 128, either way
MOST_OTHERWISE = 1  # of the changed films; from two on the finding is uncertain
UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True)
class Opinion:
    """A second look at an answer.

    Attributes:
        finding: `NORMAL`, `PNEUMONIA`, or `UNCERTAIN` where two or more of eight small changes of the film
            change the answer.
        otherwise: how many of the changed films are called otherwise.
        changes: how many there are.
        lowest, highest: calibrated probability among the film and its changes.
        stages: what each model at hand calls the film, by stage number.
        similar: the training films most like it; none where the model's run is not at hand.
    """

    finding: str
    otherwise: int
    changes: int
    lowest: float
    highest: float
    stages: dict[int, Prediction]
    similar: list[Neighbour] = field(default_factory=list)

    @property
    def agreeing(self) -> bool:
        """Whether all stages say the same."""
        return len({answer.label for answer in self.stages.values()}) <= 1


def changed(pixels: np.ndarray) -> np.ndarray:
    """A film shifted a little in four directions, as it is and mirrored: uint8 (8, 128, 128).

    Args:
        pixels: uint8 (128, 128); what is shifted in repeats the edge.
    """
    found = []
    for image in (pixels, pixels[:, ::-1]):
        wide = np.pad(image, SHIFT, mode="edge")
        for down, right in ((0, SHIFT), (2 * SHIFT, SHIFT), (SHIFT, 0), (SHIFT, 2 * SHIFT)):
            found.append(wide[down : down + IMAGE_SIZE, right : right + IMAGE_SIZE])
    return np.stack(found)


def opinion(
    film: Radiograph,
    look: Look,
    predictors: dict[int, Predictor],
    stage: int,
    reference: Reference | None = None,
) -> Opinion:
    """Look again at an answer.

    Args:
        film: the film.
        look: at the film, of the model that answered.
        predictors: of all models at hand, by stage number.
        stage: number of the model that answered.
        reference: what that model learnt from.
    """
    predictor, prediction = predictors[stage], look.prediction
    raw = predictor.probabilities(changed(look.pixels))
    called = raw >= predictor.record.threshold
    otherwise = int((called != (prediction.label == "PNEUMONIA")).sum())
    calm = [prediction.calibrated, *calibrated(raw, predictor.record.temperature)]
    others = {number: other.predict([film])[0] for number, other in predictors.items() if number != stage}
    return Opinion(
        UNCERTAIN if otherwise > MOST_OTHERWISE else prediction.label,
        otherwise,
        len(raw),
        float(min(calm)),
        float(max(calm)),
        dict(sorted({**others, stage: prediction}.items())),
        reference.nearest(look.hidden) if reference else [],
    )
