"""Whether a model may be used in one hospital: its measurement there against criteria written before."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import UserError
from core.evaluation import Interval, wilson
from core.site.criteria import Criteria, written_criteria
from core.site.measurement import SiteMeasurement

MET, MISSED, NOT_SHOWN = "met", "missed", "not shown"


@dataclass(frozen=True)
class Outcome:
    """One criterion and what was measured.

    Attributes:
        title: of what is asked.
        required: in words.
        figure: with its 95% interval, in words.
        result: `met` or `missed` if the whole interval is on that side of the criterion, else `not shown`.
    """

    title: str
    required: str
    figure: str
    result: str


@dataclass(frozen=True, eq=False)
class Acceptance:
    """A measurement held against criteria.

    Attributes:
        measurement: of one model on local images.
        criteria: the last ones that were written down.
        outcomes: one for each of them.
    """

    measurement: SiteMeasurement
    criteria: Criteria
    outcomes: tuple[Outcome, ...]

    @property
    def late(self) -> bool:
        """Whether the criteria were written when the images had already been read."""
        began = datetime.fromisoformat(self.measurement.readings.began)
        return datetime.fromisoformat(self.criteria.time) > began

    @property
    def passed(self) -> bool:
        """Whether every criterion is met, was written down before, and real images were measured."""
        met = all(outcome.result == MET for outcome in self.outcomes)
        return met and not self.late and not self.measurement.readings.synthetic

    def verdict(self) -> str:
        """The result in a sentence or two."""
        met = sum(outcome.result == MET for outcome in self.outcomes)
        sentence = f"{met} of {len(self.outcomes)} criteria are met."
        if self.measurement.readings.synthetic:
            return f"{sentence} The images are SYNTHETIC, so that shows nothing."
        if self.late:
            return (
                f"{sentence} They were written down after these images had been read, so they prove "
                "nothing: measure again on other images."
            )
        return sentence

    def values(self) -> dict:
        """Everything as plain values; nothing in them tells a file or a patient."""
        return {
            "passed": self.passed,
            "verdict": self.verdict(),
            "criteria": vars(self.criteria),
            "outcomes": [vars(outcome) for outcome in self.outcomes],
            "measurement": self.measurement.values(),
        }


def hold_against_criteria(measurement: SiteMeasurement) -> Acceptance:
    """Hold a measurement against the last criteria that were written down.

    Raises:
        UserError: there are none, or nothing was measured.
    """
    written = written_criteria()
    if not written:
        raise UserError("No criteria have been written down. Do that first: what must the model reach here?")
    if measurement.metrics is None:
        raise UserError("No image has a result, so there is nothing to hold against the criteria.")
    return Acceptance(measurement, written[-1], tuple(_outcomes(measurement, written[-1])))


def _outcomes(measurement: SiteMeasurement, criteria: Criteria) -> list[Outcome]:
    metrics = measurement.metrics or {}
    outcomes = []
    for key, title in (("sensitivity", "Sensitivity"), ("specificity", "Specificity"), ("auc", "ROC AUC")):
        if (minimum := getattr(criteria, key)) is not None:
            outcomes.append(_outcome(title, minimum, metrics[key], metrics["intervals"][key]))
    if criteria.withheld is not None:
        withheld = sum(measurement.counts.withheld.values())
        images = withheld + measurement.counts.results
        bounds = wilson(withheld, images)
        outcomes.append(_outcome("Results withheld", criteria.withheld, withheld / images, bounds, True))
    return outcomes


def _outcome(
    title: str, criterion: float, value: float | None, interval: Interval | None, at_most: bool = False
) -> Outcome:
    required = f"at {'most' if at_most else 'least'} {criterion:g}"
    if value is None or interval is None:
        return Outcome(title, required, "not measured", NOT_SHOWN)
    low, high = interval
    above, below = low >= criterion, high < criterion
    if at_most:
        above, below = high <= criterion, low > criterion
    figure = f"{value:.3f} ({low:.3f} to {high:.3f})"
    return Outcome(title, required, figure, MET if above else MISSED if below else NOT_SHOWN)
