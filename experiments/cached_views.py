"""Does training on a few cached views cost accuracy? Stage 1 both ways, same seeds, on real X-rays.

python -m experiments.cached_views --data DATA --weights FILE
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import click

from benchmarks.studio_way import train
from core.config import preset

IMAGES, EPOCHS = 600, 8


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.option("--weights", required=True, help="Starting weights.")
@click.option("--seeds", default=3, show_default=True, help="Number of seeds.")
def main(data: Path, weights: str, seeds: int) -> None:
    """Validation AUC of stage 1 on cached views (4, each used twice) and on a fresh view in each epoch."""
    settings = preset("seed").settings(data=str(data.resolve()), weights=weights, stages=(1,))
    settings = replace(settings, train_limit=IMAGES, epochs=EPOCHS)
    aucs = {"4 cached views": [], "fresh views": []}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PNEUMONIA_STUDIO_HOME"] = folder
        for seed in range(seeds):
            for views, values in aucs.items():
                cached = views == "4 cached views"
                run = train(
                    replace(settings, seed=seed, cache_activations=cached), Path(folder), Path(folder)
                )
                values.append(run.evaluation["1"]["validation"]["auc"])
                print(
                    f"seed {seed}, {views}: validation AUC {values[-1]:.4f}, {run.seconds:.0f} s", flush=True
                )
    differences = [cached - fresh for cached, fresh in zip(*aucs.values(), strict=True)]
    print(f"cached minus fresh: {mean(differences):+.4f}, spread between seeds {stdev(differences):.4f}")


if __name__ == "__main__":
    main()
