"""Sensitivity and specificity that the model's own probabilities lead to expect, without any label."""

from dataclasses import dataclass

import pandas as pd

from core.evaluation import calibrated
from core.sentence import Sentence

CAVEAT = Sentence(
    "This estimate needs no labels and holds only where the probabilities are right, which "
    "this estimate cannot check: on images unlike the training images, they usually are not."
)


@dataclass(frozen=True)
class ExpectedRates:
    """What is to be expected of some results if each probability is right.

    Attributes:
        first, last: numbers of the results.
        results: those that are not withheld.
        sensitivity, specificity: shares.
    """

    first: int
    last: int
    results: int
    sensitivity: float
    specificity: float

    def text(self) -> str:
        """Both rates, and of which results."""
        return (
            f"sensitivity {self.sensitivity:.0%}, specificity {self.specificity:.0%} "
            f"(results {self.first:,} to {self.last:,})"
        )


def expected_rates(rows: pd.DataFrame, temperature: float = 1.0) -> ExpectedRates | None:
    """Confidence-based estimate of the confusion matrix (CBPE; NannyML, "Estimation of Performance").

    A result of probability p above the threshold is a true positive with probability p, one below it a true
    negative with probability 1 - p.

    Args:
        rows: of the log, as `core.monitor.log_rows` reads them.
        temperature: of the model's calibration.

    Returns:
        None where all are withheld.
    """
    known = rows[rows["probability"].notna()]
    if known.empty:
        return None
    positive = known["probability"] >= known["threshold"]
    probability = pd.Series(calibrated(known["probability"].to_numpy(), temperature), known.index)
    return ExpectedRates(
        int(rows.index[0]),
        int(rows.index[-1]),
        len(known),
        float(probability[positive].sum() / probability.sum()),
        float((1 - probability[~positive]).sum() / (1 - probability).sum()),
    )


def expectation(first: ExpectedRates | None, last: ExpectedRates | None) -> str:
    """The estimates in words; "" without one of them."""
    if first is None or last is None:
        return ""
    return Sentence(
        "Expected from the model's own probabilities: {first}, then {last}. {caveat}",
        first=first.text(),
        last=last.text(),
        caveat=CAVEAT,
    )
