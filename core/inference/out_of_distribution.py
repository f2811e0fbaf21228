"""Whether an image is one that the model can judge; checked before its result is shown."""

from dataclasses import replace

import numpy as np

from core.anatomy import shared_lung_finder
from core.config import WHOLE
from core.images import Image, age_warning, network_pixels
from core.inference.image_check import Check
from core.inference.known_references import AnyReference
from core.inference.lung_check import CAUTION, MEANT_FOR, has_two_lungs, lung_checks
from core.inference.orientation import INVERSES, ORIENTATIONS
from core.inference.prediction import ModelOutput
from core.inference.predictor import Predictor
from core.sentence import Sentence, template

BLANK = 4.0  # grey levels: standard deviation of the pixels
MAX_BLUR = 3.0  # standard deviations; chosen on validation images: docs/results/like-home.md
MAX_SCORE = 1.5  # out-of-distribution score above which the result is withheld
NO_SCORE = Sentence("So no percentage is given.")
DOUBTFUL_SCORE = Sentence("The percentage may not hold.")
APPEARANCES = {  # by orientation
    "inverted": template("The image appears inverted. Correct it and upload it again."),
    "upside down": template("The image appears upside down. Correct it and upload it again."),
    "rotated left": template("The image appears rotated 90° left. Correct it and upload it again."),
    "rotated right": template("The image appears rotated 90° right. Correct it and upload it again."),
}


def out_of_distribution_score(output: ModelOutput, reference: AnyReference | None) -> float | None:
    """Distance from the training images, by that within which 99% of the validation images lie.

    None without a reference.
    """
    return None if reference is None else float(reference.distance(output.features[np.newaxis])[0])


def check(
    image: Image,
    output: ModelOutput,
    predictor: Predictor,
    reference: AnyReference | None,
    score: float | None,
) -> list[Check]:
    """Reasons not to judge an image, by its DICOM header and by its pixels; empty if there are none.

    Args:
        image: decoded.
        output: of the model, for the image.
        predictor: the same model; a rotated image is read again, turned upright.
        reference: of the same model; without it only header and pixels themselves are checked.
        score: of the image, as from `out_of_distribution_score`.
    """
    by_header = [Check(finding.reason, finding.sentence, finding.withheld) for finding in image.findings]
    if age := age_warning(image.age, predictor.record.data):
        by_header.append(Check("age", age, False))
    return by_header + _pixel_checks(image, output, predictor, reference, score)


def _pixel_checks(
    image: Image,
    output: ModelOutput,
    predictor: Predictor,
    reference: AnyReference | None,
    score: float | None,
) -> list[Check]:
    if output.pixels.std() < BLANK:
        return [Check("blank", Sentence("Blank image. Export the X-ray and upload it again."), True)]
    if image.coloured:
        return [
            Check("colour", Sentence("Colour image. Upload the original X-ray, not a photo of it."), True)
        ]
    lungs = output.lungs or shared_lung_finder().find([image])[0]
    if reference is None or score is None:
        return lung_checks(lungs)
    whole = output.pixels if output.frame.framing == WHOLE else network_pixels(image)
    orientation = reference.orientation(whole)
    rotated = orientation not in ("upright", "inverted")
    upright = orientation == "upright" or (rotated and has_two_lungs(lungs, reference.current_lung_limit))
    if not upright and _in_range_once_upright(image, orientation, predictor, reference):
        return [Check(orientation, Sentence(APPEARANCES[orientation]), score > MAX_SCORE)]
    checks = lung_checks(lungs, reference.current_lung_limit) + _distance_checks(score)
    calibrated_here = bool(predictor.record.temperature_rule)
    checks += _blur_checks(reference.blur(whole), calibrated_here)
    return checks + _likeness_checks(reference.likeness_score(whole, lungs), calibrated_here)


def _distance_checks(score: float) -> list[Check]:
    """By the out-of-distribution score."""
    if score <= 1:
        return []
    sentence = Sentence(
        "Outside the range of the training images: {score:.1f} times the distance within which 99% of the "
        "validation images lie. {advice}",
        score=score,
        advice=MEANT_FOR if score > MAX_SCORE else CAUTION,
    )
    return [Check("out of distribution", sentence, score > MAX_SCORE)]


def _blur_checks(blur: float, calibrated_here: bool) -> list[Check]:
    """By how blurred the image is, which alone raises the score."""
    if blur <= MAX_BLUR:
        return []
    sentence = Sentence(
        "Blurred, or enlarged from a small image: blur alone can make the model say pneumonia. Upload the "
        "original X-ray. {consequence}",
        consequence=DOUBTFUL_SCORE if calibrated_here else NO_SCORE,
    )
    return [Check("blurred", sentence, False, voids_score=not calibrated_here)]


def _likeness_checks(score: float, calibrated_here: bool) -> list[Check]:
    """By the distance from the images that the model was trained on.

    Its scores mean nothing that far away, unless they were calibrated for a hospital.
    """
    if score <= 1:
        return []
    sentence = Sentence(
        "Unlike the images this model was trained on, in grey levels, sharpness, framing or anatomy: "
        "{score:.1f} times the distance within which nearly all validation images lie. {consequence}",
        score=score,
        consequence=DOUBTFUL_SCORE if calibrated_here else NO_SCORE,
    )
    return [Check("unlike tested images", sentence, False, voids_score=not calibrated_here)]


def _in_range_once_upright(
    image: Image, orientation: str, predictor: Predictor, reference: AnyReference
) -> bool:
    """Whether an image, turned upright, resembles the training images and shows lungs that are upright.

    Others only seem to be rotated.
    """
    turned = ORIENTATIONS[INVERSES.get(orientation, orientation)](image.pixels)
    upright = replace(image, pixels=np.ascontiguousarray(turned))
    (output,) = predictor.outputs([upright])
    in_range = bool(reference.distance(output.features[np.newaxis])[0] <= MAX_SCORE)
    return in_range and output.lungs is not None and has_two_lungs(output.lungs, reference.current_lung_limit)
