"""What each change of an ablation does on films that are framed otherwise than the training films.

python -m benchmarks.reframed SWEEP

Validation films are asked as they are, and with a random frame of 70 to 100 % a side, since test films are
framed otherwise than these; each run answers with its last stage. Test is not read.
"""

from collections.abc import Iterator
from dataclasses import replace

import click
import keras
import numpy as np
import pandas as pd

from core.architecture import BACKBONE_END
from core.dataset import open_dataset
from core.evaluation import evaluate
from core.network import FeatureStore, build, restore, segment, weights_digest
from core.runs import Sweep, kept_activations, open_sweep
from core.training.data import Films, RunData, view_key
from core.training.loop import predict

CROP = 0.3
SETS = {"as they are": "validation", "re-framed": "judging"}
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
    network, store = build(0), FeatureStore(kept_activations.folder())
    trunk, head = segment(network, None, BACKBONE_END), segment(network, BACKBONE_END)
    for trial in sweep.trials:
        for run in sweep.runs(trial):
            if run.status().state != "finished":
                continue
            settings = replace(run.settings(), validation_crop=CROP)
            data = RunData.select(open_dataset(settings.data), settings)
            restore(network, run.weights_path(settings.stages[-1]))
            for name, role in SETS.items():
                films: Films = getattr(data, role)
                answers = predict(head, _kept(films, trunk, store).__getitem__, len(films))
                found = evaluate(films.labels, answers)
                row = {"change": sweep.in_words(trial), "seed": settings.seed, "films": name}
                yield row | {measure: found[measure] for measure in MEASURES}


def _kept(films: Films, trunk: keras.Model, store: FeatureStore) -> np.ndarray:
    """What the convolutions make of films."""
    depends_on = view_key(films, None) | {"trunk": weights_digest(trunk)}
    return store.get(trunk, depends_on, len(films), films.plain)


def _cells(values: pd.Series, gains: pd.Series) -> str:
    each = ", ".join(f"{gain:+.4f}" for gain in gains)
    return f"{values.mean():.4f} (sd {values.std():.4f}) | {gains.mean():+.4f} ({each})"


if __name__ == "__main__":
    main()
