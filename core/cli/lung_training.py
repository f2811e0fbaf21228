"""`train-lungs` and `evaluate-lungs`: the network that finds the lungs, from masks drawn by people."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np

from core.anatomy import (
    Agreement,
    Examples,
    LungFinder,
    MaskSet,
    Pair,
    agreements,
    dataset_examples,
    imported_masks,
    list_pairs,
    lung_shares,
    pair_examples,
    read_drawn_lungs,
    read_mask,
    save_limits,
    split_pairs,
    summary,
)
from core.cli.output import Bar, as_json, print_json
from core.config import lung_weights, model_folder
from core.dataset import CAUSES, Dataset, assign_roles, draw_chest_parts, open_dataset
from core.errors import UserError
from core.images import Image, network_pixels

VALIDATION_FRACTION = 0.1  # of the patients of the data set
PAIRS_FRACTION = 0.25  # of the patients of --pairs
PAIRS_SHARE = 0.15  # of the training views
SYNTHETIC_SHARE = 0.04  # of the training views
SYNTHETIC_IMAGES = 200
SPLIT_SEED = 0  # as in the classifier's default settings, so that the same patients are held out

data_option = click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder of the data set."
)
masks_option = click.option(
    "--masks",
    type=click.Path(path_type=Path),
    help="Masks of its lungs: .npz, or a folder of PNGs in the same layout. By default, those that were "
    "imported for it (masks import).",
)
pairs_option = click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    help="Further images: a folder of NAME.jpg, each beside its mask NAME_lungs.png.",
)


@dataclass(frozen=True, eq=False)
class Sources:
    """A data set with its masks, and further images beside theirs; each split by patient."""

    dataset: Dataset
    roles: np.ndarray
    masks: MaskSet
    title: str
    pairs: tuple[list[Pair], list[Pair]]

    @classmethod
    def open(cls, data: Path, masks: Path | None, pairs: Path | None) -> "Sources":
        """Raises UserError if one of them cannot be used."""
        dataset = open_dataset(data, Bar("Decoding", "image"))
        split = split_pairs(list_pairs(pairs), PAIRS_FRACTION, SPLIT_SEED) if pairs else ([], [])
        return cls(
            dataset,
            assign_roles(dataset.table, VALIDATION_FRACTION, SPLIT_SEED),
            _masks(dataset, masks),
            pairs.name if pairs else "",
            split,
        )

    def examples(self, role: str) -> list[Examples]:
        """Images of `training` or `validation` with their lungs, one set per source."""
        rows = np.flatnonzero(self.roles == role)
        paths = self.dataset.table["path"].iloc[rows].tolist()
        pairs = self.pairs[role == "validation"]
        own = dataset_examples(self.dataset.name, np.asarray(self.dataset.pixels[rows]), paths, self.masks)
        return [own, *([pair_examples(self.title, pairs)] if pairs else [])]

    def training(self) -> list[tuple[Examples, float]]:
        """Training images, synthetic ones with them, and how often each source is drawn."""
        shares = [1 - PAIRS_SHARE - SYNTHETIC_SHARE, PAIRS_SHARE]
        real = list(zip(self.examples("training"), shares, strict=False))
        return [*real, (_synthetic_examples(), SYNTHETIC_SHARE)]

    def compare(self, finder: LungFinder, role: str) -> dict[str, list[Agreement]]:
        """The lungs that are found in images with a mask against these masks, by source."""
        paths = self.dataset.table["path"]
        rows = np.flatnonzero((self.roles == role) & paths.isin(self.masks.paths).to_numpy())
        readers = [partial(self.masks.read, path) for path in paths.iloc[rows]]
        results = {self.dataset.name: agreements(finder, self.dataset.pixels[rows], readers)}
        if role == "validation" and self.pairs[1]:
            images = pair_examples(self.title, self.pairs[1]).images
            readers = [partial(read_mask, pair.mask) for pair in self.pairs[1]]
            results[self.title] = agreements(finder, images, readers)
        return results


def _masks(dataset: Dataset, source: Path | None) -> MaskSet:
    """The masks in a file or folder, and on standard error what is passed over there; or those imported."""
    drawn = read_drawn_lungs(dataset, source, Bar("Reading", "mask")) if source else imported_masks(dataset)
    if drawn is None:
        raise UserError(
            f"No masks were imported for {dataset.name}. Import some with `python -m core masks import`, or "
            "name them with --masks."
        )
    if source:
        for sentence in drawn.passed_over.sentences():
            print(sentence, file=sys.stderr)
    return drawn.by_path(dataset.table)


def _synthetic_examples() -> Examples:
    """Drawn chests with their lungs: who tries the software without real X-rays has such images."""
    chests = [
        draw_chest_parts(np.random.default_rng([SPLIT_SEED, number]), CAUSES[number % len(CAUSES)])
        for number in range(SYNTHETIC_IMAGES)
    ]
    images = np.stack([network_pixels(Image("", chest.pixels, "")) for chest in chests])
    return Examples("synthetic", images, np.stack([lung_shares(chest.lungs) for chest in chests]))


@click.command("train-lungs")
@data_option
@masks_option
@pairs_option
@click.option("--minutes", type=click.FloatRange(0.1), default=45.0, show_default=True, help="Training time.")
@click.option(
    "--start", type=click.Path(path_type=Path), help="Weights file to start from, to go on training."
)
@click.option("--threads", type=int, default=0, help="Threads to compute with; 0 for one per core.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of weights and augmentation.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="Weights file; by default model_weights/lungs.h5."
)
@as_json
def train_lungs_command(
    data: Path,
    masks: Path | None,
    pairs: Path | None,
    minutes: float,
    start: Path | None,
    threads: int,
    seed: int,
    to: Path | None,
    as_json: bool,
) -> None:
    """Train the network that finds lungs, on images with masks.

    It trains on training images only; test images are not used.

    Held out for validation are a tenth of the patients of --data, the same as in training the classifier, and
    a quarter of the patients of --pairs. The weights with the highest mean Dice on both are kept and saved as
    they come; at the end, the limits of plausible lungs are computed on the same images.
    """
    from core.anatomy.training import LungTraining, train_lungs  # loads TensorFlow

    path = to or model_folder() / "lungs.h5"
    sources = Sources.open(data, masks, pairs)
    settings = LungTraining(minutes=minutes, threads=threads, seed=seed)
    report = None if as_json else _report
    best = train_lungs(sources.training(), sources.examples("validation"), path, settings, start, report)
    validated = sources.compare(LungFinder(path, threads), "validation")
    limited = save_limits(path, [result for results in validated.values() for result in results])
    if as_json:
        print_json({"path": str(path), "best": best, "limits": limited})
        return
    print(f"Saved in {path}")
    if not limited:
        print("Too few masks are right to tell implausible lungs. Train longer, or with more masks.")


def _report(check: dict) -> None:
    scores = "  ".join(f"{title} {score:.4f}" for title, score in check["dice"].items())
    print(
        f"{check['minutes']:6.1f} min  {check['images']:>7,} images  loss {check['loss']:.3f}  Dice {scores}",
        flush=True,
    )


@click.command("evaluate-lungs")
@data_option
@masks_option
@pairs_option
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Images to compare on; of --pairs, those held out in training belong to validation.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="Weights file; by default the one in use.")
@as_json
def evaluate_lungs_command(
    data: Path, masks: Path | None, pairs: Path | None, split: str, weights: Path | None, as_json: bool
) -> None:
    """Compare the lungs that are found with masks.

    Prints the Dice coefficient of both lungs and of each, and the share of images with a remark on quality.
    """
    compared = Sources.open(data, masks, pairs).compare(LungFinder(weights or lung_weights()), split)
    results = {title: summary(agreement) for title, agreement in compared.items()}
    if as_json:
        print_json(results)
        return
    for title, values in results.items():
        print(f"{title}, {split}: {values['images']} images, {values['remarks']:.1%} with a remark")
        for name in ("both", "right", "left"):
            scores = values[name]
            print(f"  {name:<6} Dice {scores['mean']:.4f}, 5th percentile {scores['fifth_percentile']:.4f}")
