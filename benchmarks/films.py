"""What is measured on: a part of a data set in a folder of its own, test films, changed validation films."""

import shutil
from pathlib import Path

import numpy as np

from core.config import CLASS_NAMES, Augmentation
from core.dataset import Dataset, augmented_views
from core.evaluation import Predictions


def part(dataset: Dataset, folder: Path, train: int, test: int) -> Path:
    """Copy at most `train` and `test` films of a set, each class in its share, spread over the set.

    Returns:
        `folder`, which then holds train/ and test/.
    """
    for split, most in (("train", train), ("test", test)):
        films = dataset.table[dataset.table["split"] == split]
        for label in CLASS_NAMES:
            paths = list(films.loc[films["label"] == label, "path"])
            wanted = min(len(paths), max(2, round(most * len(paths) / max(1, len(films)))))
            (folder / split / label).mkdir(parents=True, exist_ok=True)
            for number in range(wanted):
                path = paths[number * len(paths) // wanted]
                shutil.copy(dataset.root / path, folder / path)
    return folder


def test_films(dataset: Dataset, count: int) -> list[Path]:
    """At most `count` test films, spread over the set: the first ones are all of one class."""
    paths = list(dataset.table.loc[dataset.table["split"] == "test", "path"])
    wanted = min(count, len(paths))
    return [dataset.root / paths[number * len(paths) // wanted] for number in range(wanted)]


def changed_views(
    dataset: Dataset, films: Predictions, strengths: Augmentation | None, seed: int, views: int = 1
) -> np.ndarray:
    """Films that a model was asked about, changed as training changes films.

    Args:
        strengths: None leaves the films plain.
        views: of each film.

    Returns:
        uint8 ndarray of shape (films * views, side, side), the views of a film behind each other.
    """
    rows = dataset.table.reset_index().set_index("path").loc[films.table["path"]]
    pixels = np.repeat(dataset.pixels[rows["index"].to_numpy()], views, axis=0)
    digests = list(np.repeat(rows["sha256"].to_numpy(), views))
    return augmented_views(pixels, digests, list(range(views)) * len(rows), strengths, seed)
