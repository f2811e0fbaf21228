"""What is measured on: a part of a data set, in the published layout, in a folder of its own."""

import shutil
from pathlib import Path

from core.config import CLASS_NAMES
from core.dataset import Dataset


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
