"""One film with everything that is said of it, in values and in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.config import CLASS_NAMES, POSITIVE, THRESHOLD
from core.diagnosis.explain import HeatMap, doubt
from core.diagnosis.gate import Check, check
from core.diagnosis.opinions import UNCERTAIN, Opinion
from core.diagnosis.predictor import Look, Prediction, Predictor
from core.diagnosis.reference import Reference
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
NO_ANSWER = "No answer"
FINDINGS = {"PNEUMONIA": "Pneumonia", "NORMAL": "No pneumonia", UNCERTAIN: "Uncertain"}


@dataclass(frozen=True, eq=False)
class Reading:
    """A film that was read.

    Attributes:
        film, look: the film, and what the model answered and saw.
        checks: what speaks against judging it.
        withheld: whether its answer is not to be given.
        doubt: why the heat map is implausible, in words; "" where it is not.
        opinion: what small changes and the other stages say; None before they were asked.
    """

    film: Radiograph
    look: Look
    checks: tuple[Check, ...] = ()
    withheld: bool = False
    doubt: str = ""
    opinion: Opinion | None = None

    @property
    def prediction(self) -> Prediction:
        """The model's answer."""
        return self.look.prediction

    @property
    def heat(self) -> HeatMap | None:
        """Where the model looked; None where it was not asked."""
        return self.look.heat

    @property
    def finding(self) -> str:
        """The finding in words."""
        if self.withheld:
            return NO_ANSWER
        return FINDINGS[self.opinion.finding if self.opinion else self.prediction.label]

    def remarks(self) -> list[str]:
        """What a reader should know besides the probability, a sentence each; doubts first."""
        said = self.warnings()
        if self.opinion is None or self.withheld:
            return said
        second = self.opinion
        if second.finding != UNCERTAIN and second.otherwise:
            said.append(
                f"{second.otherwise} of {second.changes} small shifts and mirrorings of the film changes the "
                f"answer: {_reach(second)}."
            )
        elif second.finding != UNCERTAIN:
            said.append(f"Stable under small shifts and mirroring: {_reach(second)}.")
        if len(second.stages) > 1:
            calls = ", ".join(
                f"stage {number} {FINDINGS[answer.label].lower()} ({answer.calibrated:.0%})"
                for number, answer in second.stages.items()
            )
            said.append(f"{'All stages agree' if second.agreeing else 'The stages disagree'}: {calls}.")
        if second.similar:
            positive = sum(film.label == CLASS_NAMES[POSITIVE] for film in second.similar)
            said.append(
                f"Of the {len(second.similar)} training films most like it to the model, {positive} are "
                "labelled pneumonia."
            )
        return said

    def warnings(self) -> list[str]:
        """Why the answer should be doubted, a sentence each."""
        said = [item.sentence for item in self.checks]
        if self.withheld:
            return said
        if self.doubt:
            said.append(self.doubt)
        if self.opinion and self.opinion.finding == UNCERTAIN:
            second = self.opinion
            said.append(
                f"Unstable: {second.otherwise} of {second.changes} small shifts and mirrorings of the film "
                f"change the answer ({_reach(second)})."
            )
        else:  # what is uncertain anyway need not be told to be near the limit
            said += _at_odds(self.prediction)
        return said


def read_films(
    films: Iterable[Radiograph],
    predictor: Predictor,
    reference: Reference | None,
    heat: bool = False,
    anyway: bool = False,
) -> list[Reading]:
    """What a model says of films, each checked first; in order.

    Args:
        reference: what the model learnt from; None where that is not at hand.
        heat: whether to add where the model looked.
        anyway: give the answers that would be withheld, too.
    """
    films = list(films)
    peaks = reference.peaks if reference else None
    readings = []
    for film, look in zip(films, predictor.look(films, heat), strict=True):
        checks = tuple(check(film, look, predictor, reference))
        withheld = not anyway and any(item.withheld for item in checks)
        unlikely = doubt(look.heat, look.pixels, peaks) if heat else ""
        readings.append(Reading(film, look, checks, withheld, unlikely))
    return readings


def _at_odds(prediction: Prediction) -> list[str]:
    """A sentence where the call and the percentage beside it say different things, else none."""
    called = prediction.label == CLASS_NAMES[POSITIVE]
    if called == (prediction.calibrated >= THRESHOLD):
        return []
    side, limit = ("against", "a lower") if called else ("for", "a higher")
    return [
        f"Near the limit: {prediction.calibrated:.0%} speaks {side} pneumonia, but this model calls it from "
        f"{limit} percentage on. Take the film as undecided."
    ]


def _reach(opinion: Opinion) -> str:
    return f"probabilities from {opinion.lowest:.0%} to {opinion.highest:.0%}"


def certainty(probability: float) -> str:
    """A calibrated probability of pneumonia in a radiologist's words.

    >>> certainty(0.05), certainty(0.5), certainty(0.95)
    ('unlikely', 'possible', 'very likely')
    """
    return next(word for bound, word in CERTAINTY if probability < bound)
