"""Do temperature and threshold generalise better if they are fitted on augmented validation images?

python -m experiments.calibration --data DATA [RUN]

Uses stage 3 of the bundled model or of a run. A temperature, a temperature with a shift (Platt) and Youden's
J are fitted on its unmodified validation images, and on four views of each, augmented as in training. The
test split measures all of them and decides nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from core.comparison import EvaluatedStage
from core.dataset import open_dataset
from core.evaluation import calibrated, evaluate, fit_temperature, youden
from core.evaluation.calibration import log_odds
from core.inference import load_predictor
from core.runs import bundled_runs, open_run
from experiments.augmented_images import augmented_images

STAGE = 3
VIEWS = 4
SPLITS = ("validation", "test")
METRICS = ("accuracy", "sensitivity", "specificity")
Outcomes = tuple[np.ndarray, np.ndarray]  # labels and probabilities
Calibration = Callable[[np.ndarray], np.ndarray]


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.argument("name", metavar="RUN", required=False)
def main(data: Path, name: str | None) -> None:
    """Calibration error on validation and test for each way to fit, and test metrics at Youden's J."""
    run = open_run(name) if name else bundled_runs()[0]
    predictor = load_predictor(run.weights_path(STAGE))
    settings = run.settings()
    stored = {split: EvaluatedStage(run, STAGE).predictions(split) for split in SPLITS}
    outcomes = {split: (item.labels, item.probabilities) for split, item in stored.items()}
    dataset = open_dataset(data)
    dataset = replace(dataset, pixels=predictor.framed(dataset))
    pixels = augmented_images(dataset, stored["validation"], settings.augmentation, settings.seed, VIEWS)
    augmented = np.repeat(stored["validation"].labels, VIEWS), predictor.probabilities(pixels)
    fitted_on = {"unmodified": outcomes["validation"], "augmented": augmented}
    _print_calibration_errors(fitted_on, outcomes)
    _print_operating_points(fitted_on, outcomes["test"])


def _print_calibration_errors(fitted_on: dict[str, Outcomes], outcomes: dict[str, Outcomes]) -> None:
    calibrations: dict[str, Calibration] = {"none": lambda probabilities: probabilities}
    for images, (labels, probabilities) in fitted_on.items():
        temperature = fit_temperature(labels, probabilities)
        calibrations[f"temperature, on {images} validation images"] = partial(
            calibrated, temperature=temperature
        )
        calibrations[f"temperature and shift, on {images} validation images"] = _platt(labels, probabilities)
    print("| calibration | validation | test |\n|---|---|---|")
    for name, calibration in calibrations.items():
        errors = [evaluate(labels, calibration(raw))["ece"] for labels, raw in outcomes.values()]
        print(f"| {name} | {errors[0]:.3f} | {errors[1]:.3f} |")


def _print_operating_points(fitted_on: dict[str, Outcomes], test: Outcomes) -> None:
    print("\n| Youden's J on validation images | threshold | test accuracy | sensitivity | specificity |")
    print("|---|---|---|---|---|")
    for images, (labels, probabilities) in fitted_on.items():
        threshold = youden(labels, probabilities).threshold
        metrics = evaluate(*test, threshold)
        cells = " | ".join(f"{metrics[name]:.1%}" for name in METRICS)
        print(f"| {images} | {threshold:.3f} | {cells} |")


def _platt(labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
    """Platt scaling: logistic regression on the log odds, without regularisation."""
    model = LogisticRegression(C=np.inf).fit(log_odds(probabilities)[:, np.newaxis], labels)
    return lambda raw: expit(log_odds(raw) * model.coef_.item() + model.intercept_.item())


if __name__ == "__main__":
    main()
