"""How many labelled images a hospital needs to measure a model, and what those it has can show."""

from dataclasses import asdict, dataclass

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation import (
    CORRELATION,
    POWER,
    ExactTest,
    ImagesByClass,
    Interval,
    auc_interval_width,
    consecutive_images,
    expected_interval,
    highest_minimum,
    images_for_auc_margin,
    images_for_width,
    images_to_exceed,
    smallest_auc_margin,
)
from core.registry import NON_INFERIORITY_MARGIN
from core.sentence import Sentence, template

# Rates and their class.
RATES = {template("sensitivity"): CLASS_NAMES[POSITIVE], template("specificity"): CLASS_NAMES[1 - POSITIVE]}
BY_PATIENT = Sentence(
    "These are numbers of patients with one image each; several images of one patient count for less."
)


@dataclass(frozen=True)
class Expectations:
    """What a model is expected to do, and how sure one wants to be of it.

    Attributes:
        sensitivity, specificity: expected, above 0 and at most 1.
        auc: expected ROC AUC, above 0.5 and below 1.
        prevalence: share of the images with pneumonia, above 0 and below 1.
        width: of the 95% intervals of sensitivity and specificity, from end to end.
        margin: by how much a rate or the AUC may be lower without counting as inferior.
        correlation: between a new model's scores and the present one's within a class, at least 0, below 1.
        power: probability of showing what is true.

    Raises:
        UserError: one of them is out of range.
    """

    sensitivity: float = 0.9
    specificity: float = 0.9
    auc: float = 0.95
    prevalence: float = 0.2
    width: float = 0.1
    margin: float = NON_INFERIORITY_MARGIN
    correlation: float = CORRELATION
    power: float = POWER

    def __post_init__(self) -> None:
        ranges = {
            "sensitivity": (0 < self.sensitivity <= 1, "above 0 and at most 1"),
            "specificity": (0 < self.specificity <= 1, "above 0 and at most 1"),
            "auc": (0.5 < self.auc < 1, "above 0.5 and below 1"),
            "prevalence": (0 < self.prevalence < 1, "above 0 and below 1"),
            "width": (0 < self.width < 1, "above 0 and below 1"),
            "margin": (0 < self.margin < 0.5, "above 0 and below 0.5"),
            "correlation": (0 <= self.correlation < 1, "at least 0 and below 1"),
            "power": (0.5 <= self.power < 1, "at least 0.5 and below 1"),
        }
        for name, (valid, words) in ranges.items():
            if not valid:
                raise UserError(
                    Sentence(
                        "The {name} is {value:g}; choose a number {words}.",
                        name=name,
                        value=getattr(self, name),
                        words=words,
                    )
                )

    @property
    def ratio(self) -> float:
        """NORMAL images per PNEUMONIA image."""
        return (1 - self.prevalence) / self.prevalence

    def minimum(self, rate: str) -> float:
        """The sensitivity or specificity that is to be shown: the expected one less the margin."""
        return getattr(self, rate) - self.margin


@dataclass(frozen=True)
class RequiredImages:
    """How many images are needed.

    Attributes:
        expected: what is expected of the model.
        for_width: images of a rate's class for an interval of the width wanted, by rate.
        average, enough: consecutive images that have so many of both classes: on average, and with a
            probability of 95%.
        for_minimum: the test that a rate is not lower than expected by more than the margin, by rate.
        for_auc: images for the same test of a new model's ROC AUC against the present model's.
    """

    expected: Expectations
    for_width: dict[str, int]
    average: int
    enough: int
    for_minimum: dict[str, ExactTest]
    for_auc: ImagesByClass

    def sentences(self) -> list[str]:
        """The numbers in words, one sentence each."""
        expected = self.expected
        width = Sentence("{width:.3g} percentage points wide", width=100 * expected.width)
        lines = [
            Sentence(
                "Expected {rate} {expected:.1%}, 95% interval {width}: {images:,} {label} images ({span}).",
                rate=Sentence(rate),
                expected=getattr(expected, rate),
                width=width,
                images=images,
                label=RATES[rate],
                span=_span(expected_interval(getattr(expected, rate), images)),
            )
            for rate, images in self.for_width.items()
        ]
        lines.append(
            Sentence(
                "At a prevalence of {prevalence:.1%} that takes {average:,} consecutive images on "
                "average, and {enough:,} to have enough of both classes with a probability of 95%.",
                prevalence=expected.prevalence,
                average=self.average,
                enough=self.enough,
            )
        )
        lines += [
            Sentence(
                "To show with a power of {power:.0%} that the {rate} is above {minimum:.1%}: {images:,} "
                "{label} images, at least {correct:,} of them classified correctly.",
                power=expected.power,
                rate=Sentence(rate),
                minimum=expected.minimum(rate),
                images=test.images,
                label=RATES[rate],
                correct=test.correct,
            )
            for rate, test in self.for_minimum.items()
        ]
        lines.append(
            Sentence(
                "To show with a power of {power:.0%} that a new model's ROC AUC is not more than "
                "{margin:g} below the present one's (both {auc:g}, correlation {correlation:g}): "
                "{positives:,} PNEUMONIA and {negatives:,} NORMAL images.",
                power=expected.power,
                margin=expected.margin,
                auc=expected.auc,
                correlation=expected.correlation,
                positives=self.for_auc.positives,
                negatives=self.for_auc.negatives,
            )
        )
        return [*lines, BY_PATIENT]

    def values(self) -> dict:
        """The numbers as plain values."""
        return asdict(self)


def required_images(expected: Expectations) -> RequiredImages:
    """How many images are needed to see what is expected.

    Raises:
        UserError: a number is beyond what anybody labels, or a margin leaves no minimum to show.
    """
    for_width = {rate: images_for_width(getattr(expected, rate), expected.width) for rate in RATES}
    positives, negatives = for_width.values()
    average, enough = consecutive_images(positives, negatives, expected.prevalence)
    return RequiredImages(
        expected,
        for_width,
        average,
        enough,
        {
            rate: images_to_exceed(getattr(expected, rate), expected.minimum(rate), expected.power)
            for rate in RATES
        },
        images_for_auc_margin(
            expected.auc, expected.margin, expected.ratio, expected.correlation, expected.power
        ),
    )


@dataclass(frozen=True)
class Evidence:
    """What some number of images can show, and what it cannot.

    Attributes:
        expected: what is expected of the model.
        images: at hand, of a rate's class, by rate.
        intervals: 95% interval if the model does as expected, by rate.
        minima: what the rate can be shown to exceed if the model does as expected, by rate.
        ceilings: what the rate can be shown to exceed even if every image is classified correctly, by rate.
        auc_width: expected width of the AUC's 95% interval; None without images of both classes.
        auc_margin: by how much a new model's AUC can at best be shown not to be lower; None likewise.
    """

    expected: Expectations
    images: dict[str, int]
    intervals: dict[str, Interval]
    minima: dict[str, float]
    ceilings: dict[str, float]
    auc_width: float | None
    auc_margin: float | None

    def sentences(self) -> list[str]:
        """What the images can and cannot show, one sentence each."""
        return [
            sentence
            for rate, images in self.images.items()
            for sentence in (
                [
                    Sentence(
                        "No {label} image: nothing about the {rate}.", label=RATES[rate], rate=Sentence(rate)
                    )
                ]
                if not images
                else []
            )
            or self._of_rate(rate, images)
        ] + self._of_auc()

    def values(self) -> dict:
        """The numbers as plain values."""
        return asdict(self)

    def _of_rate(self, rate: str, images: int) -> list[str]:
        number = (
            Sentence("1 {label} image", label=RATES[rate])
            if images == 1
            else Sentence("{images:,} {label} images", images=images, label=RATES[rate])
        )
        return [
            Sentence(
                "{number}: if the {rate} is {expected:.1%}, its 95% interval will be about {span}, and "
                "they can show (power {power:.0%}) that it is above {minimum:.1%}.",
                number=number,
                rate=Sentence(rate),
                expected=getattr(self.expected, rate),
                span=_span(self.intervals[rate]),
                power=self.expected.power,
                minimum=self.minima[rate],
            ),
            Sentence(
                "They cannot show that the {rate} is above {ceiling:.1%}, even if all of them are "
                "classified correctly.",
                rate=Sentence(rate),
                ceiling=self.ceilings[rate],
            ),
        ]

    def _of_auc(self) -> list[str]:
        if self.auc_width is None:
            return [Sentence("Without images of both classes there is no ROC AUC.")]
        return [
            Sentence(
                "The 95% interval of a ROC AUC of {auc:g} will be about {auc_width:.3f} wide. That a new "
                "model's is lower by at most {auc_margin:.3f} can be shown (power {power:.0%}), but no "
                "smaller margin.",
                auc=self.expected.auc,
                auc_width=self.auc_width,
                auc_margin=self.auc_margin,
                power=self.expected.power,
            )
        ]


def evidence(expected: Expectations, positives: int, negatives: int) -> Evidence:
    """What images at hand can show.

    Args:
        expected: what is expected of the model.
        positives, negatives: PNEUMONIA and NORMAL images at hand.
    """
    images = dict(zip(RATES, (positives, negatives), strict=True))
    present = {rate: count for rate, count in images.items() if count}
    rates = {rate: getattr(expected, rate) for rate in present}
    both = positives > 0 and negatives > 0
    return Evidence(
        expected,
        images,
        {rate: expected_interval(rates[rate], count) for rate, count in present.items()},
        {rate: highest_minimum(count, rates[rate], expected.power) for rate, count in present.items()},
        {rate: highest_minimum(count, 1.0, expected.power) for rate, count in present.items()},
        auc_interval_width(expected.auc, positives, negatives) if both else None,
        smallest_auc_margin(expected.auc, positives, negatives, expected.correlation, expected.power)
        if both
        else None,
    )


def _span(interval: Interval) -> str:
    return Sentence("{low:.1%} to {high:.1%}", low=interval[0], high=interval[1])
