"""True and predicted labels of a set of images at one decision threshold, and how often they agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from core.config import CLASS_NAMES, POSITIVE, THRESHOLD
from core.errors import UserError
from core.evaluation.ranking import RankedScores
from core.sentence import Sentence

Number = TypeVar("Number", int, np.ndarray)


@dataclass(frozen=True)
class Counts(Generic[Number]):
    """The four cells of a confusion matrix: ints, or arrays with one number a bootstrap resample."""

    tn: Number
    fp: Number
    fn: Number
    tp: Number

    @property
    def positives(self) -> Number:
        """Images whose true label is PNEUMONIA."""
        return self.tp + self.fn

    @property
    def negatives(self) -> Number:
        """Images whose true label is NORMAL."""
        return self.tn + self.fp

    @property
    def total(self) -> Number:
        return self.positives + self.negatives


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What metrics are computed from.

    Attributes:
        labels: int64 (n,), 0 NORMAL, 1 PNEUMONIA.
        probabilities: float64 (n,), of PNEUMONIA.
        threshold: probability at or above which an image is predicted PNEUMONIA.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    threshold: float = THRESHOLD

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> "Outcomes":
        """Outcomes of checked arrays.

        Raises:
            UserError: there are no images, or a probability is not a number between 0 and 1.
        """
        labels, probabilities = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
        if not len(labels):
            raise UserError(Sentence("There are no images to evaluate."))
        if not ((probabilities >= 0) & (probabilities <= 1)).all():
            raise UserError(
                Sentence("The model gives probabilities outside 0 to 1, or none at all. Train it again.")
            )
        return cls(labels, probabilities, threshold)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> np.ndarray:
        """Predicted labels, bool (n,): True is PNEUMONIA."""
        return self.probabilities >= self.threshold

    @cached_property
    def counts(self) -> Counts[int]:
        """Images in each cell of the confusion matrix, as ints."""
        every_image = np.ones(len(self), np.int64)
        return Counts(*(int(count) for count in self._cell_sums(every_image)))

    def resampled_counts(self, weights: np.ndarray) -> Counts[np.ndarray]:
        """The same in each bootstrap resample.

        Args:
            weights: how often each image counts, (resamples, n).
        """
        return Counts(*self._cell_sums(weights))

    @cached_property
    def ranked(self) -> RankedScores:
        """The probabilities in order, for metrics that depend on their ranks."""
        return RankedScores.of(self.labels, self.probabilities)

    @property
    def has_both_classes(self) -> bool:
        return 0 < self.labels.sum() < len(self)

    def _cell_sums(self, weights: np.ndarray) -> list[np.ndarray]:
        positive, predicted = self.labels == 1, self.predicted
        cells = (~positive & ~predicted, ~positive & predicted, positive & ~predicted, positive & predicted)
        return [weights @ cell for cell in cells]


def only_label(matrix: Sequence[Sequence[float]]) -> str:
    """The label that a model predicts for every image; "" if it predicts both, or if that is unknown.

    Args:
        matrix: [[tn, fp], [fn, tp]]; NaN where unknown.

    >>> only_label([[0, 10], [0, 20]])
    'PNEUMONIA'
    """
    (tn, fp), (fn, tp) = matrix
    if tn + fn == 0:
        return CLASS_NAMES[POSITIVE]
    return CLASS_NAMES[1 - POSITIVE] if fp + tp == 0 else ""
