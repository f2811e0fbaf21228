"""What each change of an ablation does on films that are framed and lit otherwise than the training films.

python -m benchmarks.reframed SWEEP

Each run's last stage is asked about its validation films as they are, with a random frame of 70 to 100 % a
side, since test films are framed otherwise than these, and in four views as preset `recommended` changes
training films. Test is not read.
"""

from collections.abc import Iterator

import click
import numpy as np
import pandas as pd

from benchmarks.films import changed_views
from core.config import Augmentation, preset
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.evaluation import evaluate
from core.runs import Run, Sweep, open_sweep
from core.study import Candidate

CHANGES = {
    "re-framed": (Augmentation.frames(0.3), 1),
    "changed as in training": (preset("recommended").settings().augmentation, 4),
}
MEASURES = ("auc", "loss")


@click.command()
@click.argument("name", metavar="SWEEP")
def main(name: str) -> None:
    """Mean over the seeds of validation AUC and loss, and minus the unchanged recipe's, seed by seed."""
    sweep = open_sweep(name)
    table = pd.DataFrame(_measured(sweep)).set_index(["change", "seed"])
    for films, part in table.groupby("films", sort=False):
        print(f"\nvalidation films {films}\n")
        print("| change | AUC | minus unchanged | loss | minus unchanged |\n|---|---|---|---|---|")
        base = part.loc[sweep.in_words(sweep.trials[0])]
        for change, found in part.groupby("change", sort=False):
            found = found.droplevel("change")
            cells = [_cells(found[measure], found[measure] - base[measure]) for measure in MEASURES]
            print(" | ".join([f"| {change}", *cells]) + " |", flush=True)


def _measured(sweep: Sweep) -> Iterator[dict]:
    """A row a finished run and set of films: change, seed, films, and `MEASURES`."""
    for trial in sweep.trials:
        for run in sweep.runs(trial):
            if run.status().state != "finished":
                continue
            row = {"change": sweep.in_words(trial), "seed": run.settings().seed}
            for films, found in _answers(run):
                yield row | {"films": films} | {measure: found[measure] for measure in MEASURES}


def _answers(run: Run) -> Iterator[tuple[str, dict]]:
    """How the films are called, and metrics of the run's last stage on them."""
    settings = run.settings()
    candidate = Candidate(run, settings.stages[-1])
    films = candidate.predictions("validation")
    yield "as they are", evaluate(films.labels, films.probabilities)
    dataset = open_dataset(settings.data)
    predictor = load_predictor(run.weights_path(candidate.stage))
    for name, (strengths, views) in CHANGES.items():
        pixels = changed_views(dataset, films, strengths, settings.seed, views)
        yield name, evaluate(np.repeat(films.labels, views), predictor.probabilities(pixels))


def _cells(values: pd.Series, gains: pd.Series) -> str:
    each = ", ".join(f"{gain:+.4f}" for gain in gains)
    return f"{values.mean():.4f} (sd {values.std():.4f}) | {gains.mean():+.4f} ({each})"


if __name__ == "__main__":
    main()
