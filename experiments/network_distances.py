"""Which features of a network, and which distance, tell that an image is of another hospital?

python -m experiments.network_distances DATA STARTING_WEIGHTS [OTHER_SEED ...]

Features of the bundled model, fine-tuned, and of its starting weights, at several depths, beside what
Diagnosis uses, and whether models of other seeds agree with it. Judged on validation images and on invented
hospitals alone; see docs/results/like-home.md.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
from openvino import opset13 as ops
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from core.anatomy import shared_lung_finder
from core.architecture import CHANNELS, IMAGE_SIZE, SCALINGS, VGG19
from core.compilation import compiled, layer_outputs, openvino_model
from core.config import TrainingSettings
from core.dataset import open_dataset, rows_by_role
from core.evaluation.calibration import log_odds
from core.images import Image
from core.inference import ModelOutput, Predictor, load_predictor
from core.inference.class_distance import class_distances, fit_classes
from core.inference.likeness import QUANTILE, appearance, fit_likeness
from core.inference.reference import unit_length
from core.network.starting_weights import starting_weights
from core.runs import bundled_runs
from experiments.invented_hospitals import hospitals, image_from

TRAINING_IMAGES = 800
IMAGES_PER_SITE = 30
BATCH = 64
NEIGHBOUR = 10
COMPONENTS = 64  # of ViM's principal subspace
DEPTHS = {"block 3": "block3_conv4", "block 4": "block4_conv4", "block 5": "block5_conv4"}
Numbers = dict[str, np.ndarray]
Score = Callable[[Numbers], np.ndarray]


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.argument("others", type=click.Path(path_type=Path, exists=True), nargs=-1)
def main(data: Path, weights: Path, others: tuple[Path, ...]) -> None:
    """Share of invented hospitals' images that each candidate flags, and of other validation images."""
    dataset = open_dataset(data)
    roles = rows_by_role(dataset, TrainingSettings(data=str(data)))
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(roles["training"])[:TRAINING_IMAGES])
    validation = dataset.pixels[roles["validation"]]
    moved = []
    for site in hospitals():
        chosen = random.permutation(validation)[:IMAGES_PER_SITE]
        moved.append(np.stack([image_from(site, image, random) for image in chosen]))
    models = [load_predictor(path) for path in (bundled_runs()[0].weights_path(3), *others)]
    features = Features(models, weights)
    known, held_out, elsewhere = (
        features.of(pixels) for pixels in (dataset.pixels[rows], validation, np.concatenate(moved))
    )
    classes = dataset.labels[rows]
    print("| numbers | distance | invented hospitals, mean | lowest site |\n|---|---|---|---|")
    for numbers, distance, score in _candidates(known, classes, held_out):
        limit = np.quantile(score(held_out), QUANTILE)
        flagged = (score(elsewhere) > limit).reshape(len(moved), IMAGES_PER_SITE).mean(axis=1)
        print(f"| {numbers} | {distance} | {flagged.mean():.2f} | {flagged.min():.2f} |")


class Features:
    """Numbers of images by what they are taken from.

    Args:
        models: the fine-tuned model; after it those that may agree with it.
        weights: the file of its starting weights.
    """

    def __init__(self, models: list[Predictor], weights: Path) -> None:
        self._models = models
        image = ops.parameter([-1, CHANNELS, IMAGE_SIZE, IMAGE_SIZE], np.float32)
        layers = VGG19.layers[: VGG19.position(DEPTHS["block 5"]) + 1]
        outputs = layer_outputs(layers, starting_weights(str(weights)), image)
        means = [ops.reduce_mean(outputs[layer], np.array([2, 3])) for layer in DEPTHS.values()]
        self._frozen = compiled(openvino_model(means, [image], "frozen"), "float32", 0)
        self._scaling = SCALINGS[VGG19.scaling]

    def of(self, pixels: np.ndarray) -> Numbers:
        """Float32 (n, k) each.

        Args:
            pixels: of whole images, uint8 (n, 128, 128).
        """
        batches = [self._of_batch(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}

    def _of_batch(self, pixels: np.ndarray) -> Numbers:
        images = [Image("", item, "") for item in pixels]
        outputs, *others = [model.outputs(images) for model in self._models]
        factor, offset = (
            np.asarray(each, np.float32).reshape(-1, 1, 1)
            for each in (self._scaling.factor, self._scaling.offset)
        )
        frozen = self._frozen([(pixels[:, np.newaxis] / 255 * factor + offset).astype(np.float32)])
        lungs = shared_lung_finder().find_in_pixels(pixels)
        seen = [appearance(*pair) for pair in zip(pixels, lungs, strict=True)]
        length = next(len(each) for each in seen if each is not None)
        unknown = np.full(length, np.nan, np.float32)
        return {
            "appearance": np.stack([unknown if each is None else each for each in seen]),
            "fine-tuned": np.log1p(np.stack([item.features for item in outputs])),
            "hidden": np.stack([item.hidden for item in outputs]),
            "log-odds": _log_odds(outputs),
            "of all models": np.hstack([_log_odds(each) for each in (outputs, *others)]),
        } | {
            name: np.log1p(np.maximum(values, 0))
            for name, values in zip(DEPTHS, frozen.values(), strict=True)
        }


def _candidates(known: Numbers, classes: np.ndarray, held_out: Numbers) -> Iterator[tuple[str, str, Score]]:
    """Numbers, distance, and the function that gives it: (n,), larger for images less alike."""
    by_depth = {name: [name] for name in DEPTHS} | {"blocks 3 to 5": list(DEPTHS)}
    likeness = fit_likeness(list(known["appearance"]), classes, list(held_out["appearance"]))
    if likeness is None:
        raise click.ClickException("Too few validation images.")
    yield (
        "grey levels, lung network, geometry",
        "Mahalanobis",
        lambda numbers: np.nan_to_num([likeness.score(each) for each in numbers["appearance"]]),
    )
    yield "grey levels, lung network, geometry", "tenth neighbour", _scaled_neighbour(known["appearance"])
    yield "fine-tuned, block 5", "Mahalanobis", _mahalanobis(known, classes, ["fine-tuned"])
    for name, parts in by_depth.items():
        yield f"starting weights, {name}", "Mahalanobis", _mahalanobis(known, classes, parts)
    yield "fine-tuned, hidden layer", "tenth neighbour, length 1", _neighbour(known["hidden"])
    yield "fine-tuned, hidden layer", "ViM", _vim(known)
    yield "fine-tuned, log-odds", "energy", lambda numbers: -_energy(numbers)
    if known["of all models"].shape[1] > 1:
        yield "log-odds of several seeds", "spread", lambda numbers: numbers["of all models"].std(axis=1)


def _log_odds(outputs: list[ModelOutput]) -> np.ndarray:
    """Float (n, 1)."""
    return log_odds(np.array([[each.prediction.probability] for each in outputs]))


def _mahalanobis(known: Numbers, classes: np.ndarray, parts: list[str]) -> Score:
    """Distance to the nearer class mean."""

    def together(numbers: Numbers) -> np.ndarray:
        return np.concatenate([numbers[part] for part in parts], axis=1)

    scale = np.maximum(together(known).std(axis=0), 1e-6)
    fitted = fit_classes(together(known) / scale, classes)
    return lambda numbers: class_distances(together(numbers) / scale, *fitted)


def _neighbour(known: np.ndarray) -> Score:
    """Sun et al., "Out-of-distribution detection with deep nearest neighbors", ICML 2022."""
    neighbours = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(unit_length(known))
    return lambda numbers: neighbours.kneighbors(unit_length(numbers["hidden"]))[0][:, -1]


def _scaled_neighbour(known: np.ndarray) -> Score:
    """Distance to the tenth nearest training image, in standard deviations; 0 where no lungs were seen."""
    seen = known[~np.isnan(known).any(axis=1)]
    scale = np.maximum(seen.std(axis=0), 1e-6)
    neighbours = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(seen / scale)

    def distance(numbers: Numbers) -> np.ndarray:
        without_lungs = np.isnan(numbers["appearance"]).any(axis=1)
        nearest = neighbours.kneighbors(np.nan_to_num(numbers["appearance"]) / scale)[0][:, -1]
        return np.where(without_lungs, 0, nearest)

    return distance


def _vim(known: Numbers) -> Score:
    """Wang et al., "ViM: out-of-distribution with virtual-logit matching", CVPR 2022."""
    subspace = PCA(COMPONENTS).fit(known["hidden"])

    def residual(numbers: Numbers) -> np.ndarray:
        values = numbers["hidden"]
        return np.linalg.norm(values - subspace.inverse_transform(subspace.transform(values)), axis=1)

    weight = np.abs(known["log-odds"]).mean() / residual(known).mean()
    return lambda numbers: weight * residual(numbers) - _energy(numbers)


def _energy(numbers: Numbers) -> np.ndarray:
    """Liu et al., "Energy-based out-of-distribution detection", NeurIPS 2020."""
    halves = numbers["log-odds"][:, 0] / 2
    return np.logaddexp(halves, -halves)


if __name__ == "__main__":
    main()
