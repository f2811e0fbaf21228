"""Why a probability decides nothing, in a sentence: it is between zones, borderline, or disputed."""

from core.config import CLASS_NAMES, POSITIVE, THRESHOLD
from core.evaluation import UNDECIDED, Zones, percent
from core.inference.prediction import Prediction
from core.sentence import Sentence, template


def disagreement(prediction: Prediction, threshold: float) -> list[str]:
    """A sentence if members of an ensemble are on both sides of its decision threshold."""
    positive = [probability >= threshold for probability in prediction.members]
    if all(positive) or not any(positive):
        return []
    return [
        Sentence(
            "The members of the ensemble disagree: {positive} of {count} reach its decision threshold "
            "({threshold}). Treat as indeterminate.",
            positive=sum(positive),
            count=len(positive),
            threshold=percent(threshold, 0),
        )
    ]


def undecided(prediction: Prediction, threshold: float, zones: Zones | None) -> list[str]:
    """A sentence if the probability decides nothing: by the model's zones, or else as borderline."""
    if zones is None:
        return _borderline(prediction, threshold)
    if zones.of(prediction.calibrated) != UNDECIDED:
        return []
    return [
        Sentence(
            "Undecided: {shown} is neither below {low}, where pneumonia is ruled out here, nor above {high}, "
            "where it is ruled in. Treat as indeterminate.",
            shown=percent(prediction.calibrated),
            low=percent(zones.low),
            high=percent(zones.high),
        )
    ]


def _borderline(prediction: Prediction, threshold: float) -> list[str]:
    """A sentence if the probability alone suggests the other label."""
    predicted = prediction.label == CLASS_NAMES[POSITIVE]
    if predicted == (prediction.calibrated >= THRESHOLD):
        return []
    shown, shown_threshold = percent(prediction.calibrated, 0), percent(threshold, 0)
    if shown == shown_threshold:
        shown, shown_threshold = percent(prediction.calibrated), percent(threshold)
    borderline = (
        template(
            "Borderline: {shown} is above this model's decision threshold ({threshold}). Treat as "
            "indeterminate."
        )
        if predicted
        else template(
            "Borderline: {shown} is below this model's decision threshold ({threshold}). Treat as "
            "indeterminate."
        )
    )
    return [Sentence(borderline, shown=shown, threshold=shown_threshold)]
