"""One film with everything that is said of it, in values and in words."""

from dataclasses import dataclass

from core.diagnosis.explain import HeatMap
from core.diagnosis.opinions import UNCERTAIN, Opinion
from core.diagnosis.predictor import Prediction
from core.images import Radiograph

# Panicek and Hricak, "How sure are you, doctor?", American Journal of Roentgenology 2016, give words for
# about 10, 25, 50, 75 and 90 %; the bounds lie between.
CERTAINTY = (
    (0.10, "unlikely"),
    (0.375, "less likely"),
    (0.625, "possible"),
    (0.90, "probable"),
    (1.01, "very likely"),
)
FINDINGS = {"PNEUMONIA": "Pneumonia", "NORMAL": "No pneumonia", UNCERTAIN: "Uncertain"}


@dataclass(frozen=True, eq=False)
class Reading:
    """A film that was read.

    Attributes:
        film, prediction, heat: the film, the model's answer and where it looked.
        opinion: what small changes and the other stages say; None before they were asked.
    """

    film: Radiograph
    prediction: Prediction
    heat: HeatMap
    opinion: Opinion | None = None

    @property
    def finding(self) -> str:
        """The finding in words."""
        return FINDINGS[self.opinion.finding if self.opinion else self.prediction.label]

    def remarks(self) -> list[str]:
        """What a reader should know besides the probability, a sentence each; doubts first."""
        said = [self.heat.doubt] if self.heat.doubt else []
        if self.opinion is None:
            return said
        second = self.opinion
        reach = f"probabilities from {second.lowest:.0%} to {second.highest:.0%}"
        if second.finding == UNCERTAIN:
            said.append(
                f"Unstable: {second.otherwise} of {second.changes} small shifts and mirrorings of the film "
                f"change the answer ({reach})."
            )
        else:
            said.append(f"Stable under small shifts and mirroring: {reach}.")
        if len(second.stages) > 1:
            calls = ", ".join(
                f"stage {number} {FINDINGS[answer.label].lower()} ({answer.calibrated:.0%})"
                for number, answer in second.stages.items()
            )
            said.append(f"{'All stages agree' if second.agreeing else 'The stages disagree'}: {calls}.")
        return said


def certainty(probability: float) -> str:
    """A calibrated probability of pneumonia in a radiologist's words.

    >>> certainty(0.05), certainty(0.5), certainty(0.95)
    ('unlikely', 'possible', 'very likely')
    """
    return next(word for bound, word in CERTAINTY if probability < bound)
