"""Several models asked together."""

import numpy as np

from core.evaluation.calibration import calibrated, fit_temperature
from core.evaluation.predictions import Predictions, check_same_images


def ensemble(name: str, models: list[Predictions], validation: list[Predictions]) -> Predictions:
    """The mean of the models' calibrated probabilities.

    Args:
        name: of the ensemble.
        models: what each said of the same images.
        validation: what each said of validation, where its temperature is fitted.

    Raises:
        UserError: they were measured on different images.
    """
    check_same_images(models)
    temperatures = [fit_temperature(item.labels, item.probabilities) for item in validation]
    calm = [
        calibrated(model.probabilities, temperature)
        for model, temperature in zip(models, temperatures, strict=True)
    ]
    mean = np.mean(calm, axis=0)
    return Predictions(name, models[0].with_probabilities(mean).table)
