"""Does the bundled model tell the classes by how sharp an image is? On its validation images.

python -m experiments.sharpness DATA

All images are blurred or sharpened alike, at the resolution of their files; a pixel here is 1/128 of their
width. Sharpness is the standard deviation of the Laplacian over that of the grey levels, of an image of
128 x 128 pixels. The test split is not read.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import PIL.Image
from scipy.ndimage import gaussian_filter, laplace
from sklearn.metrics import roc_auc_score

from core.comparison import EvaluatedStage
from core.evaluation import evaluate
from core.images import Image, read_image
from core.inference import Reader, Reading
from core.runs import bundled_runs

STAGE, SIDE = 3, 128
RADIUS = 1.5  # pixels, of the blur that sharpening subtracts
Change = Callable[[np.ndarray, float], np.ndarray]  # of grey levels, and of the number of them in a pixel


def blurred(radius: float) -> Change:
    """Blur by a Gaussian with this standard deviation in pixels."""
    return lambda levels, pixel: gaussian_filter(levels, radius * pixel)


def sharpened(strength: float) -> Change:
    """Add that share of what a blur takes away."""
    return lambda levels, pixel: levels + strength * (levels - gaussian_filter(levels, RADIUS * pixel))


CHANGES: dict[str, Change] = {
    "as they are": lambda levels, _pixel: levels,
    "blurred by half a pixel": blurred(0.5),
    "blurred by one pixel": blurred(1.0),
    "blurred by two pixels": blurred(2.0),
    "sharpened by half": sharpened(0.5),
    "sharpened by the whole": sharpened(1.0),
}


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
def main(data: Path) -> None:
    """AUC of sharpness alone, and what blurring or sharpening all images does to the model."""
    (run,) = bundled_runs()
    reader = Reader(run.weights_path(STAGE))
    validation = EvaluatedStage(run, STAGE).predictions("validation")
    images = [read_image(data / path) for path in validation.table["path"]]
    labels = validation.labels
    auc = roc_auc_score(labels, list(map(_blur, images)))
    print(f"{len(labels)} images: AUC of how blurred an image is {auc:.3f}")
    for name, change in CHANGES.items():
        print(_line(name, labels, reader.read(_changed(images, change))))


def _changed(images: list[Image], change: Change) -> Iterator[Image]:
    for image in images:
        levels = change(image.pixels.astype(np.float32), image.width / SIDE)
        yield replace(image, pixels=levels.clip(0, 255).round().astype(np.uint8))


def _blur(image: Image) -> float:
    """The opposite of its sharpness."""
    small = PIL.Image.fromarray(image.pixels).resize((SIDE, SIDE), PIL.Image.Resampling.BOX)
    levels = np.asarray(small, np.float32)
    return -float(laplace(levels).std() / levels.std())


def _line(name: str, labels: np.ndarray, readings: list[Reading]) -> str:
    """Metrics over all images, and the share of each class that is told the wrong thing without a warning."""
    scores = np.array([reading.prediction.calibrated for reading in readings])
    metrics = evaluate(labels, scores, readings[0].threshold)
    warned = np.array([bool(reading.checks) for reading in readings])
    unwarned = ((scores >= readings[0].threshold) != labels) & ~warned
    shares = [
        f"{kind} warned {warned[labels == label].mean():.1%}, wrong and unwarned "
        f"{unwarned[labels == label].mean():.1%}"
        for label, kind in enumerate(("normal", "pneumonia"))
    ]
    rates = f"sensitivity {metrics['sensitivity']:.1%}  specificity {metrics['specificity']:.1%}"
    return f"  {name:<24}  AUC {metrics['auc']:.4f}  {rates}  {'; '.join(shares)}"


if __name__ == "__main__":
    main()
