"""The reading of one image: the model's prediction, warnings and remarks, in values and in words."""

from dataclasses import dataclass

from core.config import THRESHOLD
from core.evaluation import Zones, percent
from core.images import Image
from core.inference.findings import ADVICE, FINDINGS, NO_RESULT, UNDECIDED
from core.inference.heat_location import HeatLocation
from core.inference.heat_map import HeatMap
from core.inference.image_check import Check
from core.inference.indeterminate import disagreement, undecided
from core.inference.lung_check import LUNG_REASONS
from core.inference.prediction import ModelOutput, Prediction
from core.inference.score_words import certainty
from core.inference.second_opinion_words import agreement, changed, stability
from core.inference.sharper_map import SharperMap
from core.inference.stability import UNCERTAIN, SecondOpinion
from core.inference.track_record import TOO_HIGH, SimilarScores
from core.sentence import Sentence

UNRELIABLE = Sentence("not reliable on this image, see the warning")  # instead of a term for its certainty
VOID_SCORE = Sentence(
    "The score means nothing here: this image is unlike those that the model was trained on."
)


@dataclass(frozen=True, eq=False)
class Reading:
    """An image that a model has read.

    Attributes:
        image: the image.
        output: of the model, for the image.
        threshold: calibrated probability from which the model predicts pneumonia.
        checks: reasons why the model may not be able to judge the image.
        withheld: whether its result must not be shown.
        heat_map_warning: why the heat map is implausible, in a sentence; "" if it is plausible.
        second_opinion: how far the result can be relied on; None before it was computed.
        model_warnings: what every reading of the model must say, one sentence each.
        heat_location: where the heat map is hot; None if that was not computed or the lungs are unknown.
        similar_scores: the model's test images with the nearest probabilities; None if they are unknown.
        zones: of the calibrated probability, that a hospital gave the model; None for any other model.
        distance: out-of-distribution score; None for a model without a reference.
        sharper_map: the sharper heat map; None if it was not asked for or there is none.
        sharper_note: why there is none although it was asked for, in a sentence; "" otherwise.
    """

    image: Image
    output: ModelOutput
    threshold: float = THRESHOLD
    checks: tuple[Check, ...] = ()
    withheld: bool = False
    heat_map_warning: str = ""
    second_opinion: SecondOpinion | None = None
    model_warnings: tuple[str, ...] = ()
    heat_location: HeatLocation | None = None
    similar_scores: SimilarScores | None = None
    zones: Zones | None = None
    distance: float | None = None
    sharper_map: SharperMap | None = None
    sharper_note: str = ""

    @property
    def withheld_reason(self) -> str:
        """Why the result is withheld, in a word or two; "" if it is not."""
        return next((item.reason for item in self.checks if item.withheld), "") if self.withheld else ""

    @property
    def doubts_lungs(self) -> bool:
        """Whether something speaks against the lungs that were found."""
        return any(item.reason in LUNG_REASONS for item in self.checks)

    @property
    def doubtful(self) -> bool:
        """Whether something about the image speaks against any result."""
        return bool(self.checks or self.output.frame.reason)

    @property
    def prediction(self) -> Prediction:
        """The model's prediction."""
        return self.output.prediction

    @property
    def void_score(self) -> str:
        """Why its score means nothing, in a sentence; "" if it may be shown as a percentage."""
        return VOID_SCORE if any(item.voids_score for item in self.checks) else ""

    @property
    def probability(self) -> float | None:
        """The calibrated probability to show; None if the result is withheld or its score means nothing."""
        return None if self.withheld or self.void_score else self.prediction.calibrated

    @property
    def spread(self) -> tuple[float, float] | None:
        """The members' lowest and highest probability to show; None as `probability`, or without members."""
        return None if self.probability is None else self.prediction.spread

    def score_values(self) -> dict[str, str | float | None]:
        """Label and probabilities under the keys that programs read; a score that means nothing is raw."""
        if not self.void_score:
            return {**self.prediction.values(), **({"zone": self.zone} if self.zone else {})}
        return {
            "label": self.prediction.label,
            "probability": None,
            "calibrated": None,
            "raw_probability": self.prediction.probability,
        }

    @property
    def zone(self) -> str:
        """The zone of its probability, one of `core.evaluation.ZONES`; "" without one, or without zones."""
        return "" if self.zones is None or self.probability is None else self.zones.of(self.probability)

    @property
    def heat_map(self) -> HeatMap | None:
        """Which regions support pneumonia; None if it was not computed."""
        return self.output.heat

    @property
    def finding(self) -> str:
        """The finding in words: uncertain wherever a warning about image or probability says so.

        A doubtful heat map is a warning of its own: it concerns the way to the result.
        """
        if self.withheld:
            return NO_RESULT
        if self.doubtful or self._disagreement() or self._undecided():
            return UNDECIDED
        return FINDINGS[self.second_opinion.finding if self.second_opinion else self.prediction.label]

    @property
    def advice(self) -> str:
        """What to do with the finding, in a sentence or two."""
        return ADVICE[self.finding]

    @property
    def contradiction(self) -> str:
        """`too high` or `too low` if test images contradict the probability; else ""."""
        if self.probability is None or not self.similar_scores:
            return ""
        return self.similar_scores.contradiction(self.probability)

    @property
    def certainty(self) -> str:
        """The probability in a radiologist's words, or what speaks against it."""
        if self.doubtful:
            return UNRELIABLE
        if not self.contradiction:
            return certainty(self.prediction.calibrated)
        if self.contradiction == TOO_HIGH:
            return Sentence("too high, going by test images")
        return Sentence("too low, going by test images")

    @property
    def score_name(self) -> str:
        """What its probability is called: where test images contradict it, it is a score."""
        if self.contradiction or self.void_score:
            return Sentence("Score for pneumonia")
        return Sentence("Probability of pneumonia")

    @property
    def score_words(self) -> str:
        """Its probability in per cent with its certainty, or why it means nothing; "" if withheld."""
        if self.probability is None:
            return "" if self.withheld else self.void_score
        return f"{percent(self.probability)} ({self.certainty})"

    @property
    def shown_score(self) -> str:
        """Its probability in per cent, in lists and headlines; where it is a score, with that word.

        "" if the result is withheld, "no score" if it means nothing.
        """
        if self.probability is None:
            return "" if self.withheld else Sentence("no score")
        probability = percent(self.probability)
        return Sentence("score {probability}", probability=probability) if self.contradiction else probability

    def remarks(self) -> list[str]:
        """What a reader should know besides the probability, one sentence each; warnings come first."""
        if self.withheld:
            return self.warnings()
        sentences, scored = self.warnings(), self.probability is not None
        if self.similar_scores and scored:
            sentences.append(self.similar_scores.sentence())
        if self.heat_location:
            sentences.append(self.heat_location.sentence())
        if opinion := self.second_opinion:
            sentences += [*stability(opinion, scored), *agreement(opinion, scored)]
        return sentences

    def spread_sentence(self) -> str:
        """The range of the probabilities of an ensemble's members; "" where there is no `spread`."""
        if not self.spread:
            return ""
        lowest, highest = map(percent, self.spread)
        return Sentence(
            "The ensemble's {count} members give {lowest} to {highest}.",
            count=len(self.prediction.members),
            lowest=lowest,
            highest=highest,
        )

    def warnings(self) -> list[str]:
        """Reasons to doubt the result, one sentence each; those that concern the image come first."""
        return [*self.image_warnings(), *self.model_warnings]

    def image_warnings(self) -> list[str]:
        """Reasons to doubt the result that concern this image, one sentence each."""
        sentences = [item.sentence for item in self.checks]
        if self.withheld:
            return sentences
        if self.output.frame.reason:  # no check may say so: up to the model's own lung limit they are silent
            sentences.append(
                Sentence(
                    "The model saw the whole image instead of the lungs' region that it was trained on. "
                    "Interpret the result with caution."
                )
            )
        if self.heat_map_warning:
            sentences.append(self.heat_map_warning)
        sentences += self._disagreement()
        opinion = self.second_opinion
        if opinion and opinion.finding == UNCERTAIN:
            sentences.append(Sentence("Unstable. {change}", change=changed(opinion, not self.void_score)))
        else:  # an uncertain finding already says more than an undecided or borderline one
            sentences += self._undecided()
        return sentences

    def _disagreement(self) -> list[str]:
        return [] if self.void_score else disagreement(self.prediction, self.threshold)

    def _undecided(self) -> list[str]:
        return [] if self.void_score else undecided(self.prediction, self.threshold, self.zones)
