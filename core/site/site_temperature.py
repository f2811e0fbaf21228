"""A temperature for one hospital: fitted to its images, judged on images that it was not fitted to."""

from dataclasses import asdict, dataclass

import numpy as np

from core.config import CLASS_NAMES
from core.errors import UserError
from core.evaluation import (
    TEMPERATURE_RANGE,
    CalibrationLine,
    Interval,
    calibrated,
    calibration_line,
    fit_temperature,
    log_odds,
    patient_weights,
    percentile_interval,
)
from core.sentence import Sentence, joined
from core.site.image_numbers import Expectations, required_images
from core.site.measurement import SiteMeasurement
from core.site.patient_folds import FOLDS, held_out_parts

NEAR_LIMIT = 0.95  # of the highest temperature that is tried
SAYS_NOTHING = Sentence(
    "At this temperature every probability is close to one half: they say next to nothing about these images."
)
NOT_BETTER = Sentence("No improvement is shown on these images: keep the present calibration.")
WHAT_IT_DOES = Sentence(
    "A temperature changes no order and no decision. It makes probabilities more or less "
    "extreme; those that are too high or too low on the whole remain so."
)


@dataclass(frozen=True)
class SiteTemperature:
    """A temperature for one hospital, with its evidence.

    Attributes:
        temperature: divides the log-odds of the model's own probability, as in a model's record.
        site: name of the folder or table.
        model: name, version and digest of the model that was measured.
        images, patients: that it was fitted to.
        loss_before, loss_after: mean log loss at present, and to be expected: each image at a temperature
            that was fitted without its patient.
        difference: 95% interval of after minus before, by patient; None where it is unknown.
        line_before, line_after: calibration of the same probabilities; None where no line fits.
    """

    temperature: float
    site: str
    model: str
    images: int
    patients: int
    loss_before: float
    loss_after: float
    difference: Interval | None
    line_before: CalibrationLine | None
    line_after: CalibrationLine | None

    @property
    def rule(self) -> str:
        """How it was fitted, in words."""
        return f"on {self.images:,} images of {self.site}"

    @property
    def says_nothing(self) -> bool:
        """Whether it leaves every probability close to one half."""
        return self.temperature >= NEAR_LIMIT * TEMPERATURE_RANGE[1]

    @property
    def better(self) -> bool:
        """Whether the probabilities are shown to be better with it, and still say something."""
        return self.difference is not None and self.difference[1] < 0 and not self.says_nothing

    def values(self) -> dict:
        """Everything as plain values, and what is checked before a version with it is promoted."""
        check = {
            "title": Sentence("Recalibration for a hospital is shown to help"),
            "passed": self.better,
            "detail": joined(self._change(), " "),
        }
        return asdict(self) | {"better": self.better, "check": check}

    def sentences(self) -> list[str]:
        """The temperature and what it does, one sentence each."""
        return [
            Sentence(
                "Temperature {temperature:.2f}, fitted to {images:,} images of {patients:,} patients.",
                temperature=self.temperature,
                images=self.images,
                patients=self.patients,
            ),
            *self._change(),
            *(Sentence("At present: {line}", line=line.sentence()) for line in [self.line_before] if line),
            *(Sentence("Expected: {line}", line=line.sentence()) for line in [self.line_after] if line),
            WHAT_IT_DOES,
        ]

    def _change(self) -> list[str]:
        change = self.loss_after - self.loss_before
        bounds = (
            Sentence("{low:+.3f} to {high:+.3f}", low=self.difference[0], high=self.difference[1])
            if self.difference
            else Sentence("interval unknown")
        )
        fault = SAYS_NOTHING if self.says_nothing else "" if self.better else NOT_BETTER
        return [
            Sentence(
                "Log loss {loss_before:.3f} at present and {loss_after:.3f} expected, each image at a "
                "temperature fitted without its patient ({folds} folds): {change:+.3f} ({bounds}); below "
                "0 is better.",
                loss_before=self.loss_before,
                loss_after=self.loss_after,
                folds=FOLDS,
                change=change,
                bounds=bounds,
            ),
            *([fault] if fault else []),
        ]


def find_site_temperature(measurement: SiteMeasurement) -> SiteTemperature:
    """The temperature that fits local images, and what to expect of it.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017; cross-fitted by patient.

    Args:
        measurement: of the model on the images.

    Raises:
        UserError: fewer patients of a class have a result than `required_images` asks for.
    """
    _check_enough(measurement)
    predictions = measurement.predictions
    assert predictions is not None
    labels, patients, present = predictions.labels, predictions.patients, predictions.probabilities
    raw = predictions.table["raw"].to_numpy(np.float64)
    expected = np.empty(len(labels))
    for inside, outside in held_out_parts(labels, patients):
        expected[inside] = calibrated(raw[inside], fit_temperature(labels[outside], raw[outside]))
    before, after = _log_losses(labels, present), _log_losses(labels, expected)
    weights = patient_weights(patients)
    return SiteTemperature(
        fit_temperature(labels, raw),
        measurement.readings.name,
        measurement.readings.model,
        len(labels),
        len(np.unique(patients)),
        float(before.mean()),
        float(after.mean()),
        percentile_interval(weights @ (after - before) / weights.sum(axis=1)),
        calibration_line(labels, present, patients),
        calibration_line(labels, expected, patients),
    )


def _log_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Log loss of each image, float64 (n,)."""
    odds = log_odds(probabilities)
    return np.logaddexp(0, odds) - labels * odds


def _check_enough(measurement: SiteMeasurement) -> None:
    predictions, required = measurement.predictions, required_images(Expectations()).for_width
    for number, rate in ((1, "sensitivity"), (0, "specificity")):
        of_class = predictions.patients[predictions.labels == number] if predictions else []
        count = len(np.unique(of_class))
        if count < required[rate]:
            raise UserError(
                Sentence(
                    "{count:,} {name} patients have a result; recalibration takes at least {required} "
                    "of each class, the number that the calculator asks for. Collect more images.",
                    count=count,
                    name=CLASS_NAMES[number],
                    required=required[rate],
                )
            )
