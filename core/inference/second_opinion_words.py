"""A second opinion in sentences, with probabilities only where they mean something."""

from core.config import CLASS_NAMES, POSITIVE
from core.evaluation import percent
from core.inference.prediction import Prediction
from core.inference.stability import UNCERTAIN, SecondOpinion
from core.sentence import Sentence, joined, template

STABLE = 0.10  # width of the range of probabilities up to which a result counts as stable


def stability(opinion: SecondOpinion, scored: bool) -> list[str]:
    """How the result fares in shifted or mirrored copies, unless a warning says so already.

    Args:
        scored: whether probabilities may be shown.
    """
    if opinion.finding == UNCERTAIN:  # already among the warnings
        return []
    if opinion.changed:
        return [changed(opinion, scored)]
    if not scored:
        return [Sentence("Same label in all {copies} shifted or mirrored copies.", copies=opinion.copies)]
    if opinion.highest - opinion.lowest > STABLE:
        same = template("Same label in all {copies} shifted or mirrored copies, but not stable: {range}.")
    else:
        same = template("Result unchanged in all {copies} shifted or mirrored copies ({range}).")
    return [Sentence(same, copies=opinion.copies, range=_range(opinion))]


def agreement(opinion: SecondOpinion, scored: bool) -> list[str]:
    """What the other stages predict and how the most similar training images are labelled.

    Args:
        scored: as for `stability`.
    """
    sentences = []
    if len(opinion.stages) > 1:
        predictions = [_of_stage(*stage, scored) for stage in opinion.stages.items()]
        agreement = (
            template("All stages agree: {predictions}.")
            if opinion.stages_agree
            else template("The stages disagree: {predictions}.")
        )
        sentences.append(Sentence(agreement, predictions=joined(predictions, ", ")))
    if opinion.similar:
        positive = sum(image.label == CLASS_NAMES[POSITIVE] for image in opinion.similar)
        sentences.append(
            Sentence(
                "Most similar training images: {positive} of {count} are labelled pneumonia.",
                positive=positive,
                count=len(opinion.similar),
            )
        )
    return sentences


def changed(opinion: SecondOpinion, scored: bool) -> Sentence:
    """In how many copies the result changed; `scored` as for `stability`."""
    if not scored:
        return Sentence(
            "Result changed in {changed} of {copies} shifted or mirrored copies.",
            changed=opinion.changed,
            copies=opinion.copies,
        )
    return Sentence(
        "Result changed in {changed} of {copies} shifted or mirrored copies ({range}).",
        changed=opinion.changed,
        copies=opinion.copies,
        range=_range(opinion),
    )


def _of_stage(number: int, prediction: Prediction, scored: bool) -> Sentence:
    positive = prediction.label == CLASS_NAMES[POSITIVE]
    if not scored:
        text = template("stage {number} pneumonia") if positive else template("stage {number} no pneumonia")
        return Sentence(text, number=number)
    return Sentence(
        template("stage {number} pneumonia ({probability})")
        if positive
        else template("stage {number} no pneumonia ({probability})"),
        number=number,
        probability=percent(prediction.calibrated, 0),
    )


def _range(opinion: SecondOpinion) -> Sentence:
    lowest, highest = percent(opinion.lowest, 0), percent(opinion.highest, 0)
    if lowest == highest:
        return Sentence("probability {lowest}", lowest=lowest)
    return Sentence("probability {lowest} to {highest}", lowest=lowest, highest=highest)
