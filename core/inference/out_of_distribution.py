"""Whether an image is one that the model can judge; checked before its result is shown."""

from dataclasses import dataclass, replace

import numpy as np

from core.config import WHOLE
from core.images import Image, age_finding, network_pixels
from core.inference.known_references import AnyReference
from core.inference.orientation import INVERSES, ORIENTATIONS
from core.inference.prediction import ModelOutput
from core.inference.predictor import Predictor

BLANK = 4.0  # grey levels: standard deviation of the pixels
WITHHELD = 1.5  # out-of-distribution score above which the result is withheld
APPEARANCES = {"rotated left": "rotated 90° left", "rotated right": "rotated 90° right"}


@dataclass(frozen=True)
class Check:
    """Why the model may not be able to judge an image.

    Attributes:
        reason: `blank`, `colour`, `out of distribution`, an orientation other than `upright`, or that of a
            finding in the DICOM header: `lateral view`, `other body part`, `unknown` or `age`.
        sentence: what is wrong and what to do.
        withheld: whether the result must not be shown.
    """

    reason: str
    sentence: str
    withheld: bool


def check(
    image: Image, output: ModelOutput, predictor: Predictor, reference: AnyReference | None
) -> list[Check]:
    """Reasons not to judge an image, by its DICOM header and by its pixels; empty if there are none.

    Args:
        image: decoded.
        output: of the model, for the image.
        predictor: the same model; a rotated image is read again, turned upright.
        reference: of the same model; without it only header and pixels themselves are checked.
    """
    age = age_finding(image.age, predictor.record.data)
    findings = [*image.findings, *([age] if age else [])]
    by_header = [Check(finding.reason, finding.sentence, finding.withheld) for finding in findings]
    return by_header + _pixel_checks(image, output, predictor, reference)


def _pixel_checks(
    image: Image, output: ModelOutput, predictor: Predictor, reference: AnyReference | None
) -> list[Check]:
    if output.pixels.std() < BLANK:
        return [Check("blank", "Blank image. Export the X-ray and upload it again.", True)]
    if image.coloured:
        return [Check("colour", "Colour image. Upload the original X-ray, not a photo of it.", True)]
    if reference is None:
        return []
    score = float(reference.distance(output.features[np.newaxis])[0])
    whole = output.pixels if output.frame.framing == WHOLE else network_pixels(image)
    orientation = reference.orientation(whole)
    if orientation != "upright" and _in_range_once_upright(image, orientation, predictor, reference):
        appearance = APPEARANCES.get(orientation, orientation)
        sentence = f"The image appears {appearance}. Correct it and upload it again."
        return [Check(orientation, sentence, score > WITHHELD)]
    if score <= 1:
        return []
    sentence = (
        f"Outside the range of the training images: {score:.1f} times the distance within which 99% of the "
        "validation images lie. "
    )
    if score > WITHHELD:
        sentence += "The model is meant for frontal chest X-rays only; check that this is one."
    else:
        sentence += "The result may not be reliable; interpret it with caution."
    return [Check("out of distribution", sentence, score > WITHHELD)]


def _in_range_once_upright(
    image: Image, orientation: str, predictor: Predictor, reference: AnyReference
) -> bool:
    """Whether an image, turned upright, resembles the training images; others only seem to be rotated."""
    upright = ORIENTATIONS[INVERSES.get(orientation, orientation)](image.pixels)
    (output,) = predictor.outputs([replace(image, pixels=np.ascontiguousarray(upright))])
    return bool(reference.distance(output.features[np.newaxis])[0] <= WITHHELD)
