"""`masks`: lungs that people drew, imported for a data set and compared with those that are found."""

import time
from pathlib import Path

import click
import numpy as np

from core.anatomy import (
    DrawnLungs,
    dataset_lungs,
    import_masks,
    imported_masks,
    remove_masks,
)
from core.cli.output import Bar, as_json, print_json
from core.dataset import Dataset, open_dataset
from core.errors import UserError

data_argument = click.argument("data", type=click.Path(path_type=Path))


@click.group()
def masks() -> None:
    """Import masks of lungs for a data set.

    They are stored beside the index of the data set, which itself is never changed.
    """


@masks.command("import")
@data_argument
@click.argument("source", type=click.Path(path_type=Path))
@as_json
def import_command(data: Path, source: Path, as_json: bool) -> None:
    """Import the masks in SOURCE for DATA.

    SOURCE is an .npz file or a folder of PNGs in the layout of DATA, white where lung is. The masks replace
    those that were imported before. What cannot be used is passed over, counted and named.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    _show(dataset, import_masks(dataset, source, Bar("Reading", "mask")), as_json)


@masks.command()
@data_argument
@as_json
def show(data: Path, as_json: bool) -> None:
    """Show which masks were imported for DATA."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    _show(dataset, _imported(dataset), as_json)


@masks.command()
@data_argument
@click.option("--lowest", default=10, show_default=True, help="Number of images to list.")
@as_json
def compare(data: Path, lowest: int, as_json: bool) -> None:
    """Compare the imported masks of DATA with the lungs that are found.

    Prints the Dice coefficient of both lungs at 128 x 128, and the images with the lowest; --json lists all
    images that have a mask. The lungs are found once and stored with the data set.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    scores = _imported(dataset).agreement(dataset_lungs(dataset, Bar("Finding lungs", "image")))
    rows = np.argsort(scores, kind="stable")[: np.isfinite(scores).sum()]  # NaN is last
    images = [
        {"path": path, "dice": float(score)}
        for path, score in zip(dataset.table["path"].iloc[rows], scores[rows], strict=True)
    ]
    if as_json:
        print_json(images)
        return
    if len(rows):
        mean, fifth = scores[rows].mean(), np.percentile(scores[rows], 5)
        print(f"{len(rows):,} images: Dice {mean:.4f}, 5th percentile {fifth:.4f}")
    for image in images[:lowest]:
        print(f"  {image['dice']:.3f}  {image['path']}")


@masks.command()
@data_argument
def remove(data: Path) -> None:
    """Remove the imported masks of DATA.

    The file or folder that they came from stays.
    """
    dataset = open_dataset(data, Bar("Decoding", "image"))
    _imported(dataset)
    remove_masks(dataset)
    print(f"The masks of {dataset.name} were removed.")


def _imported(dataset: Dataset) -> DrawnLungs:
    drawn = imported_masks(dataset)
    if drawn is None:
        raise UserError(
            f"No masks were imported for {dataset.name}. Import some with `python -m core masks import`."
        )
    return drawn


def _show(dataset: Dataset, drawn: DrawnLungs, as_json: bool) -> None:
    count, images = int(dataset.table["sha256"].isin(drawn.sha256).sum()), len(dataset.table)
    if as_json:
        facts = {"source": drawn.source, "imported": drawn.imported}
        print_json({"masks": count, "images": images, **facts, "passed_over": drawn.passed_over.counts})
        return
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(drawn.imported))
    print(f"{dataset.name}: {count:,} of {images:,} images have a mask, imported {day} from {drawn.source}")
    for sentence in drawn.passed_over.sentences():
        print(f"  {sentence}")
