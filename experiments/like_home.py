"""Which numbers tell an image of another hospital: grey levels, the lung network's first levels, geometry?

python -m experiments.like_home DATA

Judged on validation images and on invented hospitals alone; see docs/results/like-home.md.
"""

from itertools import combinations
from pathlib import Path

import click
import numpy as np

from core.anatomy import shared_lung_finder
from core.config import TrainingSettings
from core.dataset import open_dataset, rows_by_role
from core.inference.likeness import appearance, fit_likeness
from experiments.invented_hospitals import hospitals, image_from

TRAINING_IMAGES = 1600
IMAGES_PER_SITE = 60
GREY_LEVELS, GEOMETRY = 16, 10  # numbers of an appearance, at its beginning and at its end
BATCH = 64
Appearances = list[np.ndarray | None]


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
def main(data: Path) -> None:
    """Share of invented hospitals' images that are flagged where all but a few validation images are not."""
    dataset = open_dataset(data)
    roles = rows_by_role(dataset, TrainingSettings(data=str(data)))
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(roles["training"])[:TRAINING_IMAGES])
    validation = dataset.pixels[roles["validation"]]
    known, held_out = _appearances(dataset.pixels[rows]), _appearances(validation)
    by_site = []
    for site in hospitals():
        chosen = random.permutation(validation)[:IMAGES_PER_SITE]
        by_site.append(_appearances(np.stack([image_from(site, image, random) for image in chosen])))
    for parts in _combinations():
        likeness = fit_likeness(_only(known, parts), dataset.labels[rows], _only(held_out, parts))
        if likeness is None:
            raise click.ClickException(f"{data} has too few validation images.")
        flagged = [
            np.mean([likeness.score(each) > 1 for each in _only(site, parts) if each is not None])
            for site in by_site
        ]
        print(
            f"{' + '.join(parts):<40} mean {np.mean(flagged):.3f}  median site {np.median(flagged):.2f}  "
            f"lowest site {min(flagged):.2f}"
        )


def _combinations() -> list[tuple[str, ...]]:
    names = ("grey levels", "lung network", "geometry")
    return [parts for count in (1, 2, 3) for parts in combinations(names, count)]


def _appearances(pixels: np.ndarray) -> Appearances:
    found: Appearances = []
    for start in range(0, len(pixels), BATCH):
        batch = pixels[start : start + BATCH]
        lungs = shared_lung_finder().find_in_pixels(batch)
        found += [appearance(*pair) for pair in zip(batch, lungs, strict=True)]
    return found


def _only(appearances: Appearances, parts: tuple[str, ...]) -> Appearances:
    """The numbers of these parts alone."""
    spans = {
        "grey levels": np.s_[:GREY_LEVELS],
        "lung network": np.s_[GREY_LEVELS:-GEOMETRY],
        "geometry": np.s_[-GEOMETRY:],
    }
    chosen = [spans[part] for part in parts]
    return [None if each is None else np.concatenate([each[span] for span in chosen]) for each in appearances]


if __name__ == "__main__":
    main()
