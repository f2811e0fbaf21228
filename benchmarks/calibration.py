"""Would percentages and thresholds hold better on films taken otherwise, if found on films changed so?

python -m benchmarks.calibration --data DATA [RUN]

Stage 3 of the model that came along, or of a run. A temperature, a temperature with a shift (Platt) and
Youden's J are found on its validation films as they are, and on four views of each as training changes them.
Test measures all of them and chooses none.
"""

from functools import partial
from pathlib import Path

import click
import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from benchmarks.films import changed_views
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.evaluation import calibrated, evaluate, fit_temperature, youden
from core.evaluation.calibration import log_odds
from core.runs import open_run, shipped_runs
from core.study import Candidate

STAGE = 3
VIEWS = 4


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.argument("name", metavar="RUN", required=False)
def main(data: Path, name: str | None) -> None:
    """Expected calibration error on validation and test, for each way to fit."""
    run = open_run(name) if name else shipped_runs()[0]
    predictor = load_predictor(run.weights_path(STAGE))
    dataset, settings = open_dataset(data), run.settings()
    kept = {role: Candidate(run, STAGE).predictions(role) for role in ("validation", "test")}
    answers = {role: (films.labels, films.probabilities) for role, films in kept.items()}

    pixels = changed_views(dataset, kept["validation"], settings.augmentation, settings.seed, VIEWS)
    labels = np.repeat(answers["validation"][0], VIEWS)

    fitted_on = {"as they are": answers["validation"], "changed": (labels, predictor.probabilities(pixels))}
    ways = {"not at all": lambda probabilities: probabilities}
    for films, (truth, found) in fitted_on.items():
        temperature = fit_temperature(truth, found)
        ways[f"a temperature, on validation films {films}"] = partial(calibrated, temperature=temperature)
        ways[f"a temperature and a shift, on validation films {films}"] = _platt(truth, found)
    print("| fitted | validation | test |\n|---|---|---|")
    for way, fitted in ways.items():
        errors = [evaluate(truth, fitted(found))["ece"] for truth, found in answers.values()]
        print(f"| {way} | {errors[0]:.3f} | {errors[1]:.3f} |")
    print("\n| Youden's J on validation films | threshold | test accuracy | sensitivity | specificity |")
    print("|---|---|---|---|---|")
    for films, (truth, found) in fitted_on.items():
        threshold = youden(truth, found).threshold
        at = evaluate(*answers["test"], threshold)
        rates = " | ".join(f"{at[name]:.1%}" for name in ("accuracy", "recall", "specificity"))
        print(f"| {films} | {threshold:.3f} | {rates} |")


def _platt(labels: np.ndarray, probabilities: np.ndarray):
    model = LogisticRegression(C=np.inf).fit(log_odds(probabilities)[:, np.newaxis], labels)
    return lambda found: expit(log_odds(found) * model.coef_.item() + model.intercept_.item())


if __name__ == "__main__":
    main()
