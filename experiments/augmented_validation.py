"""What each change of an ablation does on validation images that are framed and exposed differently.

python -m experiments.augmented_validation SWEEP

The last stage of each run predicts its validation images unmodified, randomly cropped to 70 to 100% of each
side (test images are framed differently), and in four views, augmented as preset `recommended` augments
training images. The test split is not read.
"""

from collections.abc import Iterator
from dataclasses import replace

import click
import numpy as np
import pandas as pd

from core.comparison import EvaluatedStage
from core.config import Augmentation, preset
from core.dataset import open_dataset
from core.evaluation import evaluate
from core.inference import load_predictor
from core.runs import Run, Sweep, open_sweep
from experiments.augmented_images import augmented_images

UNMODIFIED = "unmodified"
AUGMENTATIONS = {  # with the number of views
    "randomly cropped": (Augmentation.crops(0.3), 1),
    "augmented as in training": (preset("recommended").settings().augmentation, 4),
}
METRICS = ("auc", "loss")


@click.command()
@click.argument("name", metavar="SWEEP")
def main(name: str) -> None:
    """Validation AUC and loss: means over the seeds, and differences from the unchanged recipe by seed."""
    sweep = open_sweep(name)
    table = pd.DataFrame(_rows(sweep)).set_index(["change", "seed"])
    for images, part in table.groupby("images", sort=False):
        print(f"\nvalidation images, {images}\n")
        print("| change | AUC | minus unchanged | loss | minus unchanged |\n|---|---|---|---|---|")
        base = part.loc[sweep.describe(sweep.trials[0])]
        for change, rows in part.groupby("change", sort=False):
            rows = rows.droplevel("change")
            cells = [_cells(rows[metric], rows[metric] - base[metric]) for metric in METRICS]
            print(" | ".join([f"| {change}", *cells]) + " |", flush=True)


def _rows(sweep: Sweep) -> Iterator[dict]:
    """A row for each finished run and set of images: change, seed, images, and `METRICS`."""
    for trial in sweep.trials:
        for run in sweep.runs(trial):
            if run.status().state != "finished":
                continue
            row = {"change": sweep.describe(trial), "seed": run.settings().seed}
            for images, metrics in _evaluations(run):
                yield row | {"images": images} | {metric: metrics[metric] for metric in METRICS}


def _evaluations(run: Run) -> Iterator[tuple[str, dict]]:
    """Metrics of the run's last stage on its validation images, by what was done to them."""
    settings = run.settings()
    stage = EvaluatedStage(run, settings.stages[-1])
    stored = stage.predictions("validation")
    yield UNMODIFIED, evaluate(stored.labels, stored.probabilities)
    dataset = open_dataset(settings.data)
    predictor = load_predictor(run.weights_path(stage.number))
    dataset = replace(dataset, pixels=predictor.framed(dataset))
    for name, (augmentation, views) in AUGMENTATIONS.items():
        pixels = augmented_images(dataset, stored, augmentation, settings.seed, views)
        yield name, evaluate(np.repeat(stored.labels, views), predictor.probabilities(pixels))


def _cells(values: pd.Series, differences: pd.Series) -> str:
    by_seed = ", ".join(f"{difference:+.4f}" for difference in differences)
    return f"{values.mean():.4f} (sd {values.std():.4f}) | {differences.mean():+.4f} ({by_seed})"


if __name__ == "__main__":
    main()
