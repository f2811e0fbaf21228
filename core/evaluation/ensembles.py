"""An ensemble of models: the mean of their calibrated log-odds."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.calibration import fit_temperature, log_odds
from core.evaluation.predictions import Predictions, check_same_images


def mean_log_odds(
    probabilities: Sequence[np.ndarray | Sequence[float]], temperatures: Sequence[float]
) -> np.ndarray:
    """Probabilities of an ensemble: of the mean of its members' log-odds, each after temperature scaling.

    Args:
        probabilities: by each member, before calibration, (n,) each.
        temperatures: of the members' calibration.

    Returns:
        float64 (n,).

    >>> mean_log_odds([[0.9], [0.5]], [2.0, 1.0]).round(3).tolist()  # log-odds 2.2 / 2 and 0
    [0.634]
    """
    from scipy.special import expit

    scaled = [
        log_odds(np.asarray(each)) / temperature
        for each, temperature in zip(probabilities, temperatures, strict=True)
    ]
    return expit(np.mean(scaled, axis=0))


def ensemble(name: str, models: list[Predictions], validation: list[Predictions]) -> Predictions:
    """What an ensemble of models predicts.

    Args:
        name: of the ensemble.
        models: predictions of each model for the same images.
        validation: predictions of each model for the validation images, on which its temperature is fitted.

    Raises:
        UserError: the models were evaluated on different images.
    """
    check_same_images(models)
    temperatures = [fit_temperature(fitted.labels, fitted.probabilities) for fitted in validation]
    probabilities = mean_log_odds([model.probabilities for model in models], temperatures)
    return Predictions(name, models[0].with_probabilities(probabilities).table)
