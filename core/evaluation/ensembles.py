"""An ensemble of models."""

import numpy as np

from core.evaluation.calibration import calibrated, fit_temperature
from core.evaluation.predictions import Predictions, check_same_images


def ensemble(name: str, models: list[Predictions], validation: list[Predictions]) -> Predictions:
    """The mean of the models' calibrated probabilities.

    Args:
        name: of the ensemble.
        models: predictions of each model for the same images.
        validation: predictions of each model for the validation images, on which its temperature is fitted.

    Raises:
        UserError: the models were evaluated on different images.
    """
    check_same_images(models)
    temperatures = [fit_temperature(fitted.labels, fitted.probabilities) for fitted in validation]
    scaled = [
        calibrated(model.probabilities, temperature)
        for model, temperature in zip(models, temperatures, strict=True)
    ]
    return Predictions(name, models[0].with_probabilities(np.mean(scaled, axis=0)).table)
