"""Whether a model may be used in one hospital: its measurement there against criteria written before."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import UserError
from core.evaluation import Interval, patient_groups, wilson_by_patient
from core.sentence import Sentence, joined
from core.site.criteria import Criteria, written_criteria
from core.site.image_counts import counted_images
from core.site.measurement import SiteMeasurement
from core.site.reading_log import ReadingLog

MET, MISSED, NOT_SHOWN = Sentence("met"), Sentence("missed"), Sentence("not shown")
TITLES = {"sensitivity": Sentence("Sensitivity"), "specificity": Sentence("Specificity"), "auc": "ROC AUC"}


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

    def sentence(self) -> str:
        """Everything in words."""
        return f"{self.title} {self.required}: {self.figure}, {self.result}."


@dataclass(frozen=True, eq=False)
class Acceptance:
    """A measurement checked against criteria.

    Attributes:
        measurement: of one model on local images.
        criteria: the last ones that were written down.
        outcomes: one for each of them.
        seen: number of its images that had been read before the criteria were written, in any measurement.
    """

    measurement: SiteMeasurement
    criteria: Criteria
    outcomes: tuple[Outcome, ...]
    seen: int

    @property
    def passed(self) -> bool:
        """Whether every criterion is met, was written down before, and real images were measured."""
        met = all(outcome.result == MET for outcome in self.outcomes)
        return met and not self.seen and not self.measurement.readings.synthetic

    def verdict(self) -> str:
        """The result in a sentence or two."""
        met = sum(outcome.result == MET for outcome in self.outcomes)
        sentence = Sentence("{met} of {count} criteria are met.", met=met, count=len(self.outcomes))
        if self.measurement.readings.synthetic:
            return joined([sentence, Sentence("The images are SYNTHETIC, so that shows nothing.")], " ")
        if self.seen:
            warning = Sentence(
                "{seen:,} of these images had been read before the criteria were written down, so that "
                "proves nothing: measure on other images.",
                seen=self.seen,
            )
            return joined([sentence, warning], " ")
        return sentence

    def values(self) -> dict:
        """Everything as plain values; nothing in them tells a file or a patient."""
        return {
            "passed": self.passed,
            "verdict": self.verdict(),
            "criteria": vars(self.criteria),
            "outcomes": [vars(outcome) for outcome in self.outcomes],
            "seen_before": self.seen,
            "measurement": self.measurement.values(),
        }


def check_against_criteria(measurement: SiteMeasurement) -> Acceptance:
    """Check a measurement against the last criteria that were written down.

    Raises:
        UserError: there are none, nothing was measured, or the log of readings is damaged.
    """
    written = written_criteria()
    if not written:
        raise UserError(
            Sentence("No criteria have been written down. Do that first: what must the model reach here?")
        )
    if measurement.metrics is None:
        raise UserError(Sentence("No image has a result, so there is nothing to check against the criteria."))
    criteria = written[-1]
    return Acceptance(
        measurement, criteria, tuple(_outcomes(measurement, criteria)), _seen(measurement, criteria)
    )


def _seen(measurement: SiteMeasurement, criteria: Criteria) -> int:
    """How many images of a measurement had been read before the criteria were written."""
    readings = measurement.readings
    digests = set(readings.table["sha256"]) - {""}
    if datetime.fromisoformat(criteria.time) > datetime.fromisoformat(readings.began):
        return len(digests)
    return len(digests & ReadingLog().read_before(criteria.time))


def _outcomes(measurement: SiteMeasurement, criteria: Criteria) -> list[Outcome]:
    metrics = measurement.metrics or {}
    outcomes = []
    for key, title in TITLES.items():
        if (minimum := getattr(criteria, key)) is not None:
            outcomes.append(check_criterion(title, minimum, metrics[key], metrics["intervals"][key]))
    if criteria.withheld is not None:
        counted, _ = counted_images(measurement.readings.table)
        withheld = (counted["withheld"] != "").to_numpy()
        bounds = wilson_by_patient(withheld, patient_groups(counted).to_numpy(str))
        outcomes.append(
            check_criterion(Sentence("Results withheld"), criteria.withheld, withheld.mean(), bounds, True)
        )
    return outcomes


def check_criterion(
    title: str, criterion: float, value: float | None, interval: Interval | None, at_most: bool = False
) -> Outcome:
    """What was measured against one criterion.

    Args:
        title: of what is asked.
        criterion: a share.
        value, interval: what was measured, and its 95% interval; None if unknown.
        at_most: whether the criterion is an upper bound.
    """
    required = (
        Sentence("at most {share:g}", share=criterion)
        if at_most
        else Sentence("at least {share:g}", share=criterion)
    )
    if value is None:
        return Outcome(title, required, Sentence("not measured"), NOT_SHOWN)
    if interval is None:  # as of a ROC AUC of 1
        return Outcome(title, required, Sentence("{value:.3f} (no interval)", value=value), NOT_SHOWN)
    low, high = interval
    above, below = low >= criterion, high < criterion
    if at_most:
        above, below = high <= criterion, low > criterion
    figure = Sentence("{value:.3f} ({low:.3f} to {high:.3f})", value=value, low=low, high=high)
    return Outcome(title, required, figure, MET if above else MISSED if below else NOT_SHOWN)
