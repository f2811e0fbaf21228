"""Calibration slope and intercept: whether probabilities are too extreme, and too high or too low."""

from dataclasses import dataclass

import numpy as np

from core.evaluation.calibration import log_odds
from core.evaluation.intervals import Interval, z_value
from core.sentence import Sentence, joined

MAX_STEPS = 50
CONVERGED = 1e-10


@dataclass(frozen=True)
class CalibrationLine:
    """How log-odds of probabilities must be corrected.

    Attributes:
        slope: 1 is perfect; below 1, probabilities are too extreme; at 0, they say nothing.
        slope_interval: 95%, by patient.
        intercept: calibration in the large, 0 is perfect; below 0, probabilities are too high on the whole.
        intercept_interval: 95%, by patient.
    """

    slope: float
    slope_interval: Interval
    intercept: float
    intercept_interval: Interval

    def sentence(self) -> str:
        """The line in words, with what is perfect."""
        line = Sentence(
            "Calibration slope {slope:.2f} ({slope_low:.2f} to {slope_high:.2f}), intercept {intercept:+.2f} "
            "({intercept_low:+.2f} to {intercept_high:+.2f}); 1 and 0 are perfect.",
            slope=self.slope,
            slope_low=self.slope_interval[0],
            slope_high=self.slope_interval[1],
            intercept=self.intercept,
            intercept_low=self.intercept_interval[0],
            intercept_high=self.intercept_interval[1],
        )
        meaning = self.meaning()
        return joined([line, meaning], " ") if meaning else line

    def meaning(self) -> str:
        """What is wrong with the probabilities beyond chance; "" if nothing is."""
        (least, most), faults = self.slope_interval, []
        if most < 0:
            faults.append(Sentence("are higher where pneumonia is rarer"))
        elif least <= 0 <= most:
            faults.append(Sentence("are not shown to rise with the share of pneumonia"))
        elif most < 1:
            faults.append(Sentence("are too extreme"))
        elif least > 1:
            faults.append(Sentence("are not extreme enough"))
        if self.intercept_interval[1] < 0:
            faults.append(Sentence("are too high on the whole"))
        if self.intercept_interval[0] > 0:
            faults.append(Sentence("are too low on the whole"))
        if not faults:
            return ""
        if len(faults) == 1:
            return Sentence("The probabilities {fault}.", fault=faults[0])
        first, second = faults
        return Sentence("The probabilities {first} and {second}.", first=first, second=second)


def calibration_line(
    labels: np.ndarray, probabilities: np.ndarray, patients: np.ndarray
) -> CalibrationLine | None:
    """Slope and intercept of calibration, with intervals that are robust to several images of one patient.

    The slope is that of a logistic regression of the label on the log-odds; the intercept is that of one with
    the slope held at 1. Source: Cox, Biometrika 1958; Van Calster et al., "Calibration: the Achilles heel of
    predictive analytics", BMC Medicine 2019. Variance: Liang and Zeger, Biometrika 1986.

    Args:
        labels: 0 or 1, shape (n,).
        probabilities: of class 1, shape (n,).
        patients: patient of each image, any labels, shape (n,).

    Returns:
        None where no finite line fits: of one class, if the probabilities separate the classes or are all the
        same, or with fewer than three patients.
    """
    labels, odds = np.asarray(labels, np.float64), log_odds(probabilities)
    _, patient_numbers = np.unique(patients, return_inverse=True)
    positives, negatives = odds[labels == 1], odds[labels == 0]
    if not len(positives) or not len(negatives) or patient_numbers.max() < 2 or np.ptp(odds) == 0:
        return None
    if positives.min() >= negatives.max() or positives.max() <= negatives.min():
        return None
    ones = np.ones_like(odds)
    line = _fit(np.column_stack([ones, odds]), 0 * odds, labels, patient_numbers)
    level = _fit(ones[:, np.newaxis], odds, labels, patient_numbers)
    if line is None or level is None:
        return None
    return CalibrationLine(float(line[0][1]), _interval(line, 1), float(level[0][0]), _interval(level, 0))


def _fit(
    design: np.ndarray, offset: np.ndarray, labels: np.ndarray, patients: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients of a logistic regression by Newton's method, (k,), and their standard errors by patient.

    None if it does not converge.
    """
    from scipy.special import expit

    coefficients = np.zeros(design.shape[1])
    for _ in range(MAX_STEPS):
        fitted = expit(design @ coefficients + offset)
        information = (design.T * (fitted * (1 - fitted))) @ design
        try:
            step = np.linalg.solve(information, design.T @ (labels - fitted))
        except np.linalg.LinAlgError:
            return None
        coefficients = coefficients + step
        if np.abs(step).max() < CONVERGED:
            break
    else:
        return None
    scores = np.zeros((patients.max() + 1, design.shape[1]))
    np.add.at(scores, patients, design * (labels - fitted)[:, np.newaxis])
    count, images, size = len(scores), *design.shape
    correction = count / (count - 1) * (images - 1) / (images - size)
    inverse = np.linalg.inv(information)
    covariance = correction * inverse @ (scores.T @ scores) @ inverse
    return coefficients, np.sqrt(np.diag(covariance))


def _interval(fit: tuple[np.ndarray, np.ndarray], index: int) -> Interval:
    margin = z_value() * fit[1][index]
    return float(fit[0][index] - margin), float(fit[0][index] + margin)
