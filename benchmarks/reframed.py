"""What each change of an ablation of stage 1 does on films that are framed otherwise than the training films.

python -m benchmarks.reframed SWEEP

Validation films are asked as they are, and with a random frame of 70 to 100 % a side, since test films are
framed otherwise than these. Test is not read.
"""

from collections.abc import Iterator
from dataclasses import replace

import click
import keras
import numpy as np
import pandas as pd

from benchmarks.averaging import FRAMES
from core.architecture import BACKBONE_END
from core.dataset import open_dataset
from core.evaluation import evaluate
from core.network import FeatureStore, build, restore, segment, weights_digest
from core.runs import Run, Sweep, kept_activations, open_sweep
from core.training.data import RunData, view_key
from core.training.loop import predict
from core.training.trainee import batch_positions

STAGE = 1
SETS = {"as they are": None, "re-framed": 0}  # validation films, by the number of their view
MEASURES = {"auc": "AUC", "loss": "loss"}


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
    network, store = build(0), FeatureStore(kept_activations.folder())
    for trial in sweep.trials:
        for run in sweep.runs(trial):
            if run.status().state == "finished":
                row = {"change": sweep.in_words(trial), "seed": run.settings().seed}
                for films, view in SETS.items():
                    found = _evaluation(run, view, network, store)
                    yield row | {"films": films} | {measure: found[measure] for measure in MEASURES}


def _evaluation(run: Run, view: int | None, network: keras.Model, store: FeatureStore) -> dict:
    """Of a run's validation films, on the activations of the frozen layers."""
    settings = replace(run.settings(), augmentation=FRAMES)
    films = RunData.select(open_dataset(settings.data), settings).validation
    restore(network, run.weights_path(STAGE))

    def pixels() -> Iterator[np.ndarray]:
        for positions in batch_positions(len(films)):
            yield films.plain(positions) if view is None else films.views(positions, view)

    trunk = segment(network, None, BACKBONE_END)
    depends_on = view_key(films, view) | {"trunk": weights_digest(trunk)}
    kept = store.get(trunk, depends_on, len(films), pixels)
    answers = predict(segment(network, BACKBONE_END), kept.__getitem__, len(films))
    return evaluate(films.labels, answers)


def _cells(values: pd.Series, gains: pd.Series) -> str:
    each = ", ".join(f"{gain:+.4f}" for gain in gains)
    return f"{values.mean():.4f} (sd {values.std():.4f}) | {gains.mean():+.4f} ({each})"


if __name__ == "__main__":
    main()
