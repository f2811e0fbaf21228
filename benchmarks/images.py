"""The images that are measured on: a subset of a data set in its own folder, and test images from it."""

import shutil
from pathlib import Path

from core.config import CLASS_NAMES
from core.dataset import Dataset

TEST_SPLIT = "test"


def copy_subset(dataset: Dataset, folder: Path, train: int, test: int) -> Path:
    """Copy at most `train` and `test` images, in the class proportions of the set and spread over it.

    Returns:
        `folder`, which then holds train/ and test/.
    """
    for split, limit in (("train", train), (TEST_SPLIT, test)):
        images = dataset.table[dataset.table["split"] == split]
        for label in CLASS_NAMES:
            paths = list(images.loc[images["label"] == label, "path"])
            count = min(len(paths), max(2, round(limit * len(paths) / max(1, len(images)))))
            (folder / split / label).mkdir(parents=True, exist_ok=True)
            for path in _spread(paths, count):
                shutil.copy(dataset.root / path, folder / path)
    return folder


def pick_test_images(dataset: Dataset, count: int) -> list[Path]:
    """At most `count` test images, spread over the set: its first ones all have the same label."""
    paths = list(dataset.table.loc[dataset.table["split"] == TEST_SPLIT, "path"])
    return [dataset.root / path for path in _spread(paths, min(count, len(paths)))]


def _spread(paths: list[str], count: int) -> list[str]:
    """`count` of the paths, at equal distances."""
    return [paths[number * len(paths) // count] for number in range(count)]
