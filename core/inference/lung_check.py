"""Whether an image is a whole, upright, frontal chest X-ray, by the lungs in it.

The rule was written before it was measured, and chosen on validation images and drawn images without lungs:
docs/results/frontal-chest.md.
"""

from core.anatomy import NO_LUNGS, ONE_LUNG_ONLY, Lungs
from core.inference.image_check import Check
from core.sentence import Sentence, joined

MAX_IMPLAUSIBILITY = 2.2  # of the lungs, by the model's limit; above it the result is withheld
MEANT_FOR = Sentence("The model is meant for frontal chest X-rays only; check that this is one.")
CAUTION = Sentence("The result may not be reliable; interpret it with caution.")
LUNG_REASONS = NONE, ONE, IMPLAUSIBLE = ("no lungs", "one lung", "implausible lungs")  # of a check
SENTENCES = {
    NO_LUNGS: (NONE, Sentence("No lungs found. {advice}", advice=MEANT_FOR)),
    ONE_LUNG_ONLY: (
        ONE,
        Sentence("Only one lung found. Upload an X-ray that shows the whole chest."),
    ),
}


def lung_checks(lungs: Lungs, limit: float = 1.0) -> list[Check]:
    """Reasons not to judge an image, by its lungs; empty if they are plausible.

    Args:
        lungs: of the image.
        limit: implausibility up to which lungs are like those of the model's own images.
    """
    if lungs.implausibility <= limit:
        return []
    withheld = not has_two_lungs(lungs, limit)
    if lungs.quality[0] in SENTENCES:
        return [Check(*SENTENCES[lungs.quality[0]], withheld)]
    sentence = Sentence(
        "Implausible lungs: {remarks}. {advice}",
        remarks=joined(lungs.quality, "; "),
        advice=MEANT_FOR if withheld else CAUTION,
    )
    return [Check(IMPLAUSIBLE, sentence, withheld)]


def has_two_lungs(lungs: Lungs, limit: float = 1.0) -> bool:
    """Whether these may be the lungs of a chest, upright, even if something speaks against them.

    Args:
        lungs, limit: as for `lung_checks`.
    """
    return lungs.implausibility <= MAX_IMPLAUSIBILITY * limit
