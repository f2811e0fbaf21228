"""Which model holds up at hospitals it has not seen? On images of invented ones, made of validation images.

python -m experiments.travel DATA WEIGHTS ... [--reframed]

The weights files are of runs with the same seed, whose validation images are the same. Test is not read.
How much of the body an image shows differs between the classes of this data set: a network that sees whole
images profits from it, at invented hospitals as well. `--reframed` first crops each image to its lungs and a
margin that is drawn alike for both classes.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from core.anatomy import Framing, shared_lung_finder
from core.config import TrainingSettings
from core.dataset import Dataset, open_dataset, rows_by_role
from core.evaluation import evaluate
from core.images import Image, read_image
from core.inference import Predictor, load_predictor
from experiments.invented_hospitals import hospitals, image_from

IMAGES_PER_SITE = 160
SEED = 38
MARGINS = (0.02, 0.15)  # of the lungs' box


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("weights", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
@click.option("--seed", default=0, show_default=True, help="Of the runs: it draws the validation images.")
@click.option("--reframed", is_flag=True, help="Frame each image from its lungs outward.")
def main(data: Path, weights: tuple[Path, ...], seed: int, reframed: bool) -> None:
    """AUC and calibration error of each model at home and at each invented hospital."""
    dataset = open_dataset(data)
    rows = rows_by_role(dataset, TrainingSettings(data=str(data), seed=seed))["validation"]
    home_and_elsewhere = sites(dataset, rows, reframed)
    for path in weights:
        predictor = load_predictor(path)
        figures = [_figures(predictor, site) for site in home_and_elsewhere]
        elsewhere = np.array(figures[1:])
        worst = elsewhere[:, 0].min(), elsewhere[:, 1].max(), elsewhere[:, 2].min()
        print(f"{path}, threshold {predictor.record.threshold:.3f}")
        for place, (auc, error, accuracy) in (
            ("at home", figures[0]),
            ("elsewhere, mean", elsewhere.mean(axis=0)),
            ("elsewhere, worst", worst),
        ):
            print(f"  {place:<16}  AUC {auc:.4f}  calibration error {error:.4f}  accuracy {accuracy:.4f}")
        print("  AUC of each site " + " ".join(f"{auc:.3f}" for auc in elsewhere[:, 0]))


@dataclass(frozen=True, eq=False)
class Site:
    """Images of one hospital, home or invented.

    Attributes:
        rows: of the data set, (n,).
        images: n, at the resolution of their files.
        labels: 0 or 1, (n,).
    """

    rows: np.ndarray
    images: list[Image]
    labels: np.ndarray


def sites(dataset: Dataset, rows: np.ndarray, reframed: bool) -> list[Site]:
    """Home with all rows, then each invented hospital with some of them.

    Args:
        dataset: that holds the images.
        rows: of validation images.
        reframed: crop each image to its lungs and a margin first.
    """
    random = np.random.default_rng(SEED)
    home = {row: read_image(dataset.root / dataset.table["path"].iloc[row]) for row in rows}
    if reframed:
        home = {row: _reframed(image, random) for row, image in home.items()}
    all_sites = [Site(rows, list(home.values()), dataset.labels[rows])]
    for hospital in hospitals():
        chosen = random.permutation(rows)[:IMAGES_PER_SITE]
        images = [replace(home[row], pixels=image_from(hospital, home[row].pixels, random)) for row in chosen]
        all_sites.append(Site(chosen, images, dataset.labels[chosen]))
    return all_sites


def _reframed(image: Image, random: np.random.Generator) -> Image:
    """The part around the lungs, with a random margin; the whole image where no lungs are plausible."""
    (lungs,) = shared_lung_finder().find([image])
    frame = Framing(by_lungs=True, margin=random.uniform(*MARGINS)).frame(lungs.box, lungs.quality)
    sides = np.array([image.width, image.height] * 2)
    left, top, right, bottom = np.rint(frame.box * sides).astype(int)
    return replace(image, pixels=np.ascontiguousarray(image.pixels[top:bottom, left:right]))


def _figures(predictor: Predictor, site: Site) -> tuple[float, float, float]:
    """AUC, calibration error after temperature scaling, and accuracy at the model's threshold."""
    predicted = predictor.predict(site.images)
    calibrated = evaluate(site.labels, np.array([item.calibrated for item in predicted]), 0.5)
    raw = evaluate(
        site.labels, np.array([item.probability for item in predicted]), predictor.record.threshold
    )
    return raw["auc"], calibrated["ece"], raw["accuracy"]


if __name__ == "__main__":
    main()
