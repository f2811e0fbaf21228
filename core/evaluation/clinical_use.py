"""What predictions are worth in use: predictive values at a prevalence, and net benefit."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.outcomes import Outcomes
from core.evaluation.predictions import Predictions


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> tuple[float, float] | None:
    """PPV and NPV at a prevalence, by Bayes' rule; None if every image gets the same prediction.

    >>> ppv, npv = predictive_values(0.9, 0.9, 0.1)
    >>> round(ppv, 3), round(npv, 3)
    (0.5, 0.988)
    """
    predicted_positive = sensitivity * prevalence + (1 - specificity) * (1 - prevalence)
    if not 0 < predicted_positive < 1:
        return None
    ppv = sensitivity * prevalence / predicted_positive
    return ppv, specificity * (1 - prevalence) / (1 - predicted_positive)


def net_benefit(labels: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Net benefit of treating the patients predicted positive, at each threshold below 1.

    Source: Vickers and Elkin, "Decision curve analysis", Medical Decision Making 2006.

    Args:
        labels, probabilities: shape (n,).
        thresholds: shape (k,).

    Returns:
        float64 ndarray of shape (k,): true positives minus false positives weighted by the odds of the
        threshold, as a share of all images.

    Raises:
        UserError: as `evaluate`.
    """
    outcomes = Outcomes.of(labels, probabilities)
    predicted = outcomes.probabilities[np.newaxis] >= thresholds[:, np.newaxis]  # (k, n)
    positive = outcomes.labels == 1
    odds = thresholds / (1 - thresholds)
    return ((predicted & positive).sum(axis=1) - odds * (predicted & ~positive).sum(axis=1)) / len(outcomes)


def net_benefits(models: Sequence[Predictions], thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Net benefit at each threshold by model name, and of treating all: (thresholds,) each.

    Args:
        models: on the same images.
    """
    benefits = {model.name: net_benefit(model.labels, model.probabilities, thresholds) for model in models}
    first = models[0]
    return benefits | {"treat all": net_benefit(first.labels, np.ones(len(first)), thresholds)}
