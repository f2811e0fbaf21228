"""Does training on a few kept views cost accuracy? Stage 1 both ways, the same seeds, on real X-rays.

python -m benchmarks.kept_views --data DATA --weights FILE
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import click

from benchmarks.studio_way import train
from core.config import preset

FILMS, EPOCHS = 600, 8


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.option("--weights", required=True, help="Starting weights.")
@click.option("--seeds", default=3, show_default=True, help="How many.")
def main(data: Path, weights: str, seeds: int) -> None:
    """Validation AUC of stage 1 on kept views (4, each seen twice) and on a fresh view each epoch."""
    settings = preset("seed").settings(data=str(data.resolve()), weights=weights, stages=(1,))
    settings = replace(settings, train_limit=FILMS, epochs=EPOCHS)
    found = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PNEUMONIA_STUDIO_HOME"] = folder
        for seed in range(seeds):
            for kept in found:
                run = train(replace(settings, seed=seed, keep_activations=kept), Path(folder), Path(folder))
                auc = run.evaluation["1"]["validation"]["auc"]
                found[kept].append(auc)
                way = "4 kept views" if kept else "fresh views "
                print(f"seed {seed}, {way}: validation AUC {auc:.4f}, {run.seconds:.0f} s", flush=True)
    differences = [kept - direct for kept, direct in zip(*found.values(), strict=True)]
    print(f"kept minus direct: {mean(differences):+.4f}, spread between seeds {stdev(differences):.4f}")


if __name__ == "__main__":
    main()
