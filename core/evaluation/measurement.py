"""Every metric of one model on one set of images, with its 95% interval."""

from functools import lru_cache

import numpy as np

from core.config import THRESHOLD, old_names
from core.evaluation.estimators import Estimator
from core.evaluation.intervals import Interval, patient_weights
from core.evaluation.metrics import METRICS
from core.evaluation.outcomes import Outcomes
from core.evaluation.predictions import Predictions
from core.evaluation.sample_size import too_few


def evaluate(labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> dict:
    """Metrics of one model on one split, as plain numbers.

    Args:
        labels: int ndarray of shape (n,), 0 NORMAL, 1 PNEUMONIA.
        probabilities: float ndarray of shape (n,), of PNEUMONIA.
        threshold: probability at or above which an image is predicted PNEUMONIA.

    Returns:
        Each of `METRICS` by name, None where it is undefined on these images; n, threshold, and
        confusion_matrix as [[tn, fp], [fn, tp]]. Names of earlier versions are there, too.

    Raises:
        UserError: there are no images, or a probability is not a number between 0 and 1.
    """
    outcomes = Outcomes.of(labels, probabilities, threshold)
    counts = outcomes.counts
    values = {name: metric.estimator.value(outcomes) for name, metric in METRICS.items()}
    return {
        "n": len(outcomes),
        "threshold": threshold,
        **old_names.with_both(values, old_names.METRICS),
        "confusion_matrix": [[counts.tn, counts.fp], [counts.fn, counts.tp]],
    }


def intervals(
    labels: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, threshold: float = THRESHOLD
) -> dict[str, Interval | None]:
    """95% intervals of the metrics of `evaluate`, by the same names.

    Wilson's for proportions, for the others 2,000 resamples of whole patients with a fixed seed. None where
    a metric is undefined, or where resamples cannot tell: with few patients of a class, or without an error.

    Args:
        labels, probabilities, threshold: as for `evaluate`.
        patients: patient of each image, shape (n,).

    Raises:
        UserError: as `evaluate`.
    """
    bounds = {name: interval(name, labels, probabilities, patients, threshold) for name in METRICS}
    return old_names.with_both(bounds, old_names.METRICS)


def interval(
    name: str,
    labels: np.ndarray,
    probabilities: np.ndarray,
    patients: np.ndarray,
    threshold: float = THRESHOLD,
) -> Interval | None:
    """The 95% interval of one of `METRICS`; arguments and errors are those of `intervals`."""
    outcomes, owners = Outcomes.of(labels, probabilities, threshold), tuple(patients)
    estimator = METRICS[name].estimator
    if estimator.interval_kind == "bootstrap" and too_few(outcomes.labels, np.array(owners)):
        return None
    if estimator.uses_threshold:
        return estimator.interval(outcomes, _weights(owners))
    return _score_interval(estimator, outcomes.labels.tobytes(), outcomes.probabilities.tobytes(), owners)


def evaluate_with_intervals(model: Predictions, threshold: float) -> dict:
    """The metrics of `evaluate`, with those of `intervals` under the key `intervals`."""
    return {
        **evaluate(model.labels, model.probabilities, threshold),
        "intervals": intervals(model.labels, model.probabilities, model.patients, threshold),
    }


@lru_cache(maxsize=1)  # 80 MB for 10,000 patients
def _weights(owners: tuple) -> np.ndarray:
    """The resamples of the patients who own the images, drawn once."""
    return patient_weights(np.array(owners))


@lru_cache(maxsize=512)
def _score_interval(
    estimator: Estimator, labels: bytes, probabilities: bytes, owners: tuple
) -> Interval | None:
    """Interval of a metric that needs no threshold: computed once, however often a slider moves."""
    outcomes = Outcomes(np.frombuffer(labels, np.int64), np.frombuffer(probabilities))
    return estimator.interval(outcomes, _weights(owners))
