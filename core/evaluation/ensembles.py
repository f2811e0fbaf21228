"""An ensemble of models: the mean of their calibrated log-odds."""

from core.evaluation.calibration import fit_temperature, mean_log_odds
from core.evaluation.predictions import Predictions, check_same_images


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
