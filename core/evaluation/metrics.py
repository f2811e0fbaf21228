"""The metrics of a binary classifier, declared once.

A metric that is added to `METRICS` appears in evaluations, tables, figures, the report, the model card, the
terminal and the API.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.evaluation.calibration import expected_calibration_error
from core.evaluation.estimators import CountStatistic, Estimator, Proportion, ScoreStatistic
from core.evaluation.intervals import Interval
from core.evaluation.outcomes import Outcomes
from core.evaluation.paired_tests import Difference, delong, mcnemar, paired_rate
from core.evaluation.ranking import weighted_auc, weighted_average_precision
from core.sentence import Sentence, template

TITLES = (  # of metrics, for the catalogues of the pages
    template("Accuracy"),
    template("Balanced accuracy"),
    template("Sensitivity"),
    template("Specificity"),
    template("Average precision"),
    template("Log loss"),
    template("Calibration error"),
)
PERCENT, DECIMALS = "{:.1%}", "{:.3f}"
MIN_PROBABILITY = 1e-7  # as Keras clips, so that one certain mistake does not make the log loss infinite


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        name: key in JSON and CSV.
        label: name in running text.
        estimator: how value and interval are computed; its `interval_kind` is `wilson` or `bootstrap`.
        higher_is_better: direction.
        format: of a value, as for `str.format`.
        paired_test: tests the difference of two models on the same images; None if there is no such test.
        tested_on: classes whose images the test uses.
    """

    name: str
    label: str
    estimator: Estimator
    higher_is_better: bool = True
    format: str = PERCENT
    paired_test: Callable[[Outcomes, Outcomes], Difference] | None = None
    tested_on: tuple[int, ...] = (0, 1)

    @property
    def title(self) -> str:
        """The label with a capital, for headings of rows and columns."""
        return Sentence(self.label[0].upper() + self.label[1:])

    def text(self, value: float | None, interval: Interval | None = None) -> str:
        """A value with its interval; a dash where it is undefined.

        >>> METRICS["sensitivity"].text(0.912, (0.88, 0.94))
        '91.2% (88.0% to 94.0%)'
        """
        if value is None:
            return "–"
        if interval is None:
            return self.format.format(value)
        shown, low, high = map(self.format.format, (value, *interval))
        return Sentence("{value} ({low} to {high})", value=shown, low=low, high=high)


def _roc_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(labels, probabilities)


def _average_precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    from sklearn.metrics import average_precision_score

    return average_precision_score(labels, probabilities)


def _log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    from sklearn.metrics import log_loss

    return log_loss(labels, _clipped(probabilities), labels=[0, 1])


def _brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    from sklearn.metrics import brier_score_loss

    return brier_score_loss(labels, probabilities, labels=[0, 1])


def _log_losses(outcomes: Outcomes) -> np.ndarray:
    """Cross-entropy of each image, (n,)."""
    clipped = _clipped(outcomes.probabilities)
    return -np.log(np.where(outcomes.labels == 1, clipped, 1 - clipped))


def _clipped(probabilities: np.ndarray) -> np.ndarray:
    return np.clip(probabilities, MIN_PROBABILITY, 1 - MIN_PROBABILITY)


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ values / weights.sum(axis=1)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "accuracy",
            "accuracy",
            Proportion(lambda c: c.tn + c.tp, lambda c: c.total),
            paired_test=lambda first, second: mcnemar(first.labels, first.predicted, second.predicted),
        ),
        Metric(
            "balanced_accuracy",
            "balanced accuracy",
            CountStatistic(lambda c: (c.tp / c.positives + c.tn / c.negatives) / 2),
        ),
        Metric(
            "sensitivity",
            "sensitivity",
            Proportion(lambda c: c.tp, lambda c: c.positives),
            paired_test=lambda first, second: paired_rate(
                first.labels, first.predicted, second.predicted, "sensitivity"
            ),
            tested_on=(1,),
        ),
        Metric(
            "specificity",
            "specificity",
            Proportion(lambda c: c.tn, lambda c: c.negatives),
            paired_test=lambda first, second: paired_rate(
                first.labels, first.predicted, second.predicted, "specificity"
            ),
            tested_on=(0,),
        ),
        Metric("ppv", "PPV", Proportion(lambda c: c.tp, lambda c: c.tp + c.fp)),
        Metric("npv", "NPV", Proportion(lambda c: c.tn, lambda c: c.tn + c.fn)),
        Metric("f1", "F1", CountStatistic(lambda c: 2 * c.tp / (2 * c.tp + c.fp + c.fn))),
        Metric(
            "auc",
            "ROC AUC",
            ScoreStatistic(
                _roc_auc,
                lambda outcomes, weights: weighted_auc(outcomes.ranked, weights),
                needs_both_classes=True,
            ),
            format=DECIMALS,
            paired_test=lambda first, second: delong(first.labels, first.probabilities, second.probabilities),
        ),
        Metric(
            "average_precision",
            "average precision",
            ScoreStatistic(
                _average_precision,
                lambda outcomes, weights: weighted_average_precision(outcomes.ranked, weights),
                needs_both_classes=True,
            ),
            format=DECIMALS,
        ),
        Metric(
            "loss",
            "log loss",
            ScoreStatistic(
                _log_loss,
                lambda outcomes, weights: _weighted_mean(_log_losses(outcomes), weights),
            ),
            higher_is_better=False,
            format=DECIMALS,
        ),
        Metric(
            "brier",
            "Brier score",
            ScoreStatistic(
                _brier_score,
                lambda outcomes, weights: _weighted_mean(
                    (outcomes.probabilities - outcomes.labels) ** 2, weights
                ),
            ),
            higher_is_better=False,
            format=DECIMALS,
        ),
        Metric(
            "ece",
            "calibration error",
            ScoreStatistic(
                lambda labels, probabilities: expected_calibration_error(labels, probabilities)[0],
                lambda outcomes, weights: expected_calibration_error(
                    outcomes.labels, outcomes.probabilities, weights
                ),
            ),
            higher_is_better=False,
            format=DECIMALS,
        ),
    )
}
