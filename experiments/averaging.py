"""Does averaging predictions over modified copies of an image help? The bundled model, on validation.

python -m experiments.averaging --data DATA

The validation images are used unmodified and randomly cropped to 70 to 100% of each side, because test
images are framed differently. The test split is not read.
"""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from core.comparison import EvaluatedStage
from core.config import Augmentation
from core.dataset import open_dataset
from core.evaluation import delong, evaluate
from core.inference import load_predictor
from core.inference.stability import copies
from core.runs import bundled_runs
from experiments.augmented_images import augmented_images

STAGE = 3
CROPS = Augmentation.crops(0.3)
AVERAGES = {"single prediction": [0], "with the mirror image": [0, 9], "with eight copies": list(range(9))}


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.option("--seed", default=7, show_default=True, help="Of the random crops.")
def main(data: Path, seed: int) -> None:
    """AUC and loss of a single prediction, and of means over two and nine predictions."""
    (run,) = bundled_runs()
    predictor = load_predictor(run.weights_path(STAGE))
    dataset = open_dataset(data)
    dataset = replace(dataset, pixels=predictor.framed(dataset))
    stored = EvaluatedStage(run, STAGE).predictions("validation")
    labels = stored.labels
    for name, augmentation in {"unmodified": None, "randomly cropped": CROPS}.items():
        pixels = augmented_images(dataset, stored, augmentation, seed)
        probabilities = np.stack([predictor.probabilities(_versions(image)) for image in pixels])
        single = probabilities[:, 0]
        print(f"{len(labels)} validation images, {name}:")
        for average, versions in AVERAGES.items():
            mean = probabilities[:, versions].mean(axis=1)
            metrics, gain = evaluate(labels, mean), delong(labels, single, mean)
            low, high = gain.interval
            print(
                f"  {average}: AUC {metrics['auc']:.4f} ({gain.value:+.4f}, {low:+.4f} to {high:+.4f}), "
                f"loss {metrics['loss']:.4f}",
                flush=True,
            )


def _versions(image: np.ndarray) -> np.ndarray:
    """An image, its eight shifted or mirrored copies, and its mirror image: uint8 (10, 128, 128)."""
    return np.concatenate([image[np.newaxis], copies(image), image[np.newaxis, :, ::-1]])


if __name__ == "__main__":
    main()
