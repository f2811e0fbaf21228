"""Whether a film is one that the model can judge: said before its answer is."""

from dataclasses import dataclass

import numpy as np

from core.diagnosis.predictor import Look, Predictor
from core.diagnosis.reference import ATTITUDES, UNDONE, Reference
from core.images import Radiograph

BLANK = 4.0  # grey levels: standard deviation of the pixels
WITHHELD = 1.5  # times the distance that 99 % of the validation films keep below


@dataclass(frozen=True)
class Check:
    """Why a film may not be one that the model can judge.

    Attributes:
        reason: `blank`, `colour`, `unlike the training films`, or one of the attitudes but `upright`.
        sentence: what is wrong and what to do.
        withheld: whether the answer is not to be given.
    """

    reason: str
    sentence: str
    withheld: bool


def check(film: Radiograph, look: Look, predictor: Predictor, reference: Reference | None) -> list[Check]:
    """What speaks against judging a film; an empty list where nothing does.

    Args:
        film: decoded.
        look: the model's, at the film.
        predictor: the model; asked again, about the film turned back, where it looks turned.
        reference: what the model learnt from; without it only what the pixels alone say is checked.
    """
    pixels = look.pixels
    if pixels.std() < BLANK:
        sentence = "The image is blank or nearly so. Export the film again."
        return [Check("blank", sentence, True)]
    if film.coloured:
        sentence = "The image is coloured, which no radiograph is. Give the X-ray itself, not a photo of it."
        return [Check("colour", sentence, True)]
    if reference is None:
        return []
    distance = reference.distance(look.features[np.newaxis])[0]
    attitude = reference.attitude(pixels)
    if attitude != "upright" and _familiar_turned_back(pixels, attitude, predictor, reference):
        sentence = (
            f"The film looks {attitude}. Put it right and drop it again; as it is, do not rely on the answer."
        )
        return [Check(attitude, sentence, distance > WITHHELD)]
    if distance <= 1:
        return []
    if distance > WITHHELD:
        sentence = (
            "This does not look like the X-rays that the model learnt from "
            f"({distance:.1f} times as far off as 99 % of them). It judges frontal chest films only."
        )
        return [Check("unlike the training films", sentence, True)]
    sentence = (
        "The film is unlike those that the model learnt from: farther off than 99 % of them. "
        "Its answer may not hold here."
    )
    return [Check("unlike the training films", sentence, False)]


def _familiar_turned_back(
    pixels: np.ndarray, attitude: str, predictor: Predictor, reference: Reference
) -> bool:
    """Whether a film becomes one like the training films: anything else only happens to look turned."""
    back = np.ascontiguousarray(ATTITUDES[UNDONE.get(attitude, attitude)](pixels))
    features = predictor.seen(back[np.newaxis])[0]
    return reference.distance(features)[0] <= WITHHELD
