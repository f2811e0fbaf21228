"""Which way to calibrate holds at hospitals that the model has not seen, and which threshold generalises?

python -m experiments.calibration --data DATA [RUN]

Uses stage 3 of the bundled model or of a run. A temperature, a temperature with a shift (Platt) and isotonic
regression are fitted on its validation images: as they are, augmented as in training, reframed from the lungs
outward, and as 20 invented hospitals would take them. Each is judged on these images, cross-fitted. The test
split measures all of them and decides nothing; nor does it decide between thresholds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from core.comparison import EvaluatedStage
from core.config import TrainingSettings
from core.dataset import Dataset, open_dataset
from core.evaluation import Predictions, calibrated, evaluate, fit_temperature, youden
from core.evaluation.calibration import log_odds
from core.evaluation.patients import patient_groups
from core.inference import Predictor, load_predictor
from core.runs import bundled_runs, open_run
from experiments.augmented_images import augmented_images
from experiments.travel import sites

STAGE = 3
VIEWS = 4
FOLDS = 5
METRICS = ("accuracy", "sensitivity", "specificity")
Calibration = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray], Calibration]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Probabilities before calibration of a set of images, (n,) each.

    Attributes:
        labels: 0 or 1.
        probabilities: of class 1.
        folds: of the patients, the same in all sets.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    folds: np.ndarray

    def of(self, rows: np.ndarray) -> "Outcomes":
        """Those of some rows."""
        return Outcomes(self.labels[rows], self.probabilities[rows], self.folds[rows])

    def calibration_error(self, calibration: Calibration) -> float:
        """Expected calibration error once calibrated."""
        return evaluate(self.labels, calibration(self.probabilities))["ece"]


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.argument("name", metavar="RUN", required=False)
def main(data: Path, name: str | None) -> None:
    """Calibration error for each way to fit, and test metrics at Youden's J."""
    run = open_run(name) if name else bundled_runs()[0]
    predictor = load_predictor(run.weights_path(STAGE))
    stored = {split: EvaluatedStage(run, STAGE).predictions(split) for split in ("validation", "test")}
    dataset = open_dataset(data)
    unmodified = _outcomes(stored["validation"])
    augmented = _augmented(predictor, dataset, stored["validation"], run.settings())
    reframed, *hospitals = _reframed(predictor, dataset, stored["validation"])
    fitted_on = {
        "unmodified": [unmodified],
        "augmented": [augmented],
        "reframed": [reframed],
        "invented hospitals": hospitals,
    }
    _print_calibration_errors(fitted_on, unmodified, reframed, hospitals, _outcomes(stored["test"]))
    _print_operating_points({"unmodified": unmodified, "augmented": augmented}, stored["test"])


def _outcomes(predictions: Predictions) -> Outcomes:
    return Outcomes(predictions.labels, predictions.probabilities, _folds(predictions))


def _folds(predictions: Predictions) -> np.ndarray:
    """A fold for each image, drawn by patient."""
    names, numbers = np.unique(patient_groups(predictions.table, "path"), return_inverse=True)
    return np.random.default_rng(0).permutation(len(names))[numbers] % FOLDS


def _augmented(
    predictor: Predictor, dataset: Dataset, predictions: Predictions, settings: TrainingSettings
) -> Outcomes:
    """Views of the validation images, augmented as in training."""
    framed = replace(dataset, pixels=predictor.framed(dataset))
    pixels = augmented_images(framed, predictions, settings.augmentation, settings.seed, VIEWS)
    labels, folds = (np.repeat(item, VIEWS) for item in (predictions.labels, _folds(predictions)))
    return Outcomes(labels, predictor.probabilities(pixels), folds)


def _reframed(predictor: Predictor, dataset: Dataset, predictions: Predictions) -> list[Outcomes]:
    """Reframed validation images, at home and at each invented hospital."""
    rows = dataset.table.reset_index().set_index("path").loc[predictions.table["path"], "index"].to_numpy()
    fold = dict(zip(rows, _folds(predictions), strict=True))
    return [
        Outcomes(
            site.labels,
            np.array([item.probability for item in predictor.predict(site.images)]),
            np.array([fold[row] for row in site.rows]),
        )
        for site in sites(dataset, rows, reframed=True)
    ]


def _print_calibration_errors(
    fitted_on: dict[str, list[Outcomes]],
    unmodified: Outcomes,
    reframed: Outcomes,
    hospitals: list[Outcomes],
    test: Outcomes,
) -> None:
    print("| fitted on validation images | by | unmodified | reframed | hospitals, mean (worst) | test |")
    print("|---|---|---|---|---|---|")
    print(_row("", "nothing", [unmodified, reframed], hospitals, test, lambda _set, _fold: _as_it_is))
    for images, sets in fitted_on.items():
        for words, fit in FITS.items():

            def cross_fitted(
                judged: Outcomes, fold: int | None, sets: list[Outcomes] = sets, fit: Fit = fit
            ) -> Calibration:
                others = [item for item in sets if item is not judged or len(sets) == 1]
                kept_out = [item.of(item.folds != fold) for item in others]
                return fit(
                    np.concatenate([item.labels for item in kept_out]),
                    np.concatenate([item.probabilities for item in kept_out]),
                )

            print(_row(images, words, [unmodified, reframed], hospitals, test, cross_fitted))


def _row(
    images: str,
    words: str,
    at_home: list[Outcomes],
    hospitals: list[Outcomes],
    test: Outcomes,
    calibration: Callable[[Outcomes, int | None], Calibration],
) -> str:
    """A line of the table.

    Args:
        images, words: what was fitted on, and by what.
        at_home, hospitals, test: judged.
        calibration: for a set of images and a fold of it, fitted without either; None is no fold.
    """
    home = [_cross_fitted_error(item, calibration) for item in at_home]
    away = [_cross_fitted_error(item, calibration) for item in hospitals]
    errors = f"{home[0]:.3f} | {home[1]:.3f} | {np.mean(away):.3f} ({max(away):.3f})"
    return f"| {images} | {words} | {errors} | {test.calibration_error(calibration(test, None)):.3f} |"


def _cross_fitted_error(
    judged: Outcomes, calibration: Callable[[Outcomes, int | None], Calibration]
) -> float:
    probabilities = np.empty(len(judged.labels))
    for fold in range(FOLDS):
        rows = judged.folds == fold
        probabilities[rows] = calibration(judged, fold)(judged.probabilities[rows])
    return evaluate(judged.labels, probabilities)["ece"]


def _print_operating_points(fitted_on: dict[str, Outcomes], test: Predictions) -> None:
    print("\n| Youden's J on validation images | threshold | test accuracy | sensitivity | specificity |")
    print("|---|---|---|---|---|")
    for images, outcomes in fitted_on.items():
        threshold = youden(outcomes.labels, outcomes.probabilities).threshold
        metrics = evaluate(test.labels, test.probabilities, threshold)
        cells = " | ".join(f"{metrics[name]:.1%}" for name in METRICS)
        print(f"| {images} | {threshold:.3f} | {cells} |")


def _as_it_is(probabilities: np.ndarray) -> np.ndarray:
    return probabilities


def _temperature(labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
    temperature = fit_temperature(labels, probabilities)
    return lambda raw: calibrated(raw, temperature)


def _platt(labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
    """Platt scaling: logistic regression on the log odds, without regularisation."""
    model = LogisticRegression(C=np.inf).fit(log_odds(probabilities)[:, np.newaxis], labels)
    return lambda raw: expit(log_odds(raw) * model.coef_.item() + model.intercept_.item())


def _isotonic(labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
    return IsotonicRegression(out_of_bounds="clip").fit(probabilities, labels).predict


FITS: dict[str, Fit] = {
    "temperature": _temperature,
    "temperature and shift": _platt,
    "isotonic regression": _isotonic,
}


if __name__ == "__main__":
    main()
