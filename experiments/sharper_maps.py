"""Is there a heat map that is sharper than today's and still says why the model decides?

python -m experiments.sharper_maps DATA WEIGHTS

The rule, written before anything was measured, is in docs/results/heat-map.md. Test images are not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from scipy.stats import spearmanr

from core.config import CLASS_NAMES, POSITIVE, TrainingSettings, processor
from core.dataset import Dataset, open_dataset, rows_by_role
from core.evaluation import log_odds, patient_weights
from core.images import preprocess, read_image
from core.inference import HeatMap, ModelOutput, Predictor, load_predictor
from core.weights import ModelRecord, StoredArrays, read_stored_model, unpacked
from experiments.class_maps import TODAY, ClassMaps
from experiments.drawn_opacities import OpacityImage, synthetic_images, with_opacity
from experiments.percentages import interval

SEED = 35
DRAWN = 4  # opacities for each normal image
MIN_RISE = 1.0  # of the log-odds, by the opacity
SYNTHETIC = 200
BATCH = 20
RANDOMISED = 40  # images
HEAD = ("fc", "predictions")
RANDOM = {"head": HEAD, "head and block5": (*HEAD, "block5"), "all layers": ("",)}  # how names begin
BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Scores:
    """Of n images, and of each candidate's maps of them.

    Attributes:
        hits: whether the peak lies in the opacity, by candidate, (n,).
        shares: of the heat that lies there, by candidate, (n,).
        covered: share of the lungs that the opacity covers, (n,): how often a random peak in them would hit.
        patients: (n,).
    """

    hits: dict[str, np.ndarray]
    shares: dict[str, np.ndarray]
    covered: np.ndarray
    patients: np.ndarray

    def where(self, chosen: np.ndarray) -> "Scores":
        """Those of some of the images, by a mask of shape (n,)."""
        hits, shares = (
            {name: each[chosen] for name, each in values.items()} for values in (self.hits, self.shares)
        )
        return Scores(hits, shares, self.covered[chosen], self.patients[chosen])


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option("--limit", type=int, help="Normal validation images to use; default: all.")
def main(data: Path, weights: Path, limit: int | None) -> None:
    """Hits, share of heat and randomisation test of each candidate."""
    predictor, (arrays, record) = load_predictor(weights), read_stored_model(weights)
    network = _class_maps(arrays, record)
    drawn = _seen(predictor, _normal_images(predictor, open_dataset(data), limit))
    print(f"{len(drawn)} drawn images whose log-odds rise by at least {MIN_RISE:g}")
    scores = _scores(network, predictor, drawn)
    patients = np.random.default_rng(SEED).permutation(np.unique(scores.patients))
    choosing = np.isin(scores.patients, patients[: len(patients) // 2])
    synthetic = synthetic_images(SYNTHETIC, SEED)
    for title, part in (
        ("choosing half", scores.where(choosing)),
        ("confirming half", scores.where(~choosing)),
        ("synthetic", _scores(network, predictor, _with_outputs(predictor, synthetic))),
    ):
        _print_scores(title, part)
    some = drawn[:: max(1, len(drawn) // RANDOMISED)][:RANDOMISED]
    _print_randomisation(arrays, predictor, some)


def _class_maps(arrays: StoredArrays, record: ModelRecord) -> ClassMaps:
    return ClassMaps(arrays, record.scaling, record.architecture, processor.resolved("auto"))


def _normal_images(
    predictor: Predictor, dataset: Dataset, limit: int | None
) -> list[tuple[OpacityImage, float]]:
    """Normal validation images with opacities, each with the log-odds of the image without it."""
    settings = TrainingSettings(data=str(dataset.root), seed=0)
    rows = rows_by_role(dataset, settings)["validation"]
    table = dataset.table.iloc[rows]
    table = table[table["label"] == CLASS_NAMES[1 - POSITIVE]][:limit]
    images = [read_image(dataset.root / path) for path in table["path"]]
    pairs, random = [], np.random.default_rng(SEED)
    for image, output, patient in zip(images, predictor.outputs(images), table["patient"], strict=True):
        if output.lungs is None or not output.lungs.plausible:
            continue
        for _ in range(DRAWN):
            pairs.append((with_opacity(image, output.lungs, patient, random), _odds(output)))
    print(f"{len(images)} normal validation images, {len(pairs)} drawn opacities in plausible lungs")
    return pairs


Seen = list[tuple[OpacityImage, ModelOutput]]


def _with_outputs(predictor: Predictor, images: Sequence[OpacityImage]) -> Seen:
    return list(zip(images, predictor.outputs([each.image for each in images]), strict=True))


def _seen(predictor: Predictor, pairs: list[tuple[OpacityImage, float]]) -> Seen:
    """Those whose opacity the model sees."""
    outputs = _with_outputs(predictor, [drawn for drawn, _ in pairs])
    return [
        (drawn, output)
        for (drawn, output), (_, before) in zip(outputs, pairs, strict=True)
        if _odds(output) - before >= MIN_RISE
    ]


def _odds(output: ModelOutput) -> float:
    return float(log_odds(np.array(output.prediction.probability)))


def _maps(network: ClassMaps, predictor: Predictor, seen: Seen) -> dict[str, np.ndarray]:
    """Every candidate's maps of images, (n, rows, columns)."""
    pixels = np.stack([output.pixels for _, output in seen])
    pixels = preprocess(pixels, predictor.record.preprocessing)
    batches = [network.of(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _scores(network: ClassMaps, predictor: Predictor, seen: Seen) -> Scores:
    hits, shares = {}, {}
    for name, maps in _maps(network, predictor, seen).items():
        judged = [
            _judged(HeatMap(values, output.frame.box), drawn)
            for values, (drawn, output) in zip(maps, seen, strict=True)
        ]
        hits[name], shares[name] = np.array(judged, float).T
    covered = np.array([_covered(*each) for each in seen])
    return Scores(hits, shares, covered, np.array([drawn.patient for drawn, _ in seen]))


def _covered(drawn: OpacityImage, output: ModelOutput) -> float:
    """Share of the lungs that the opacity covers; NaN where none were found."""
    assert output.lungs is not None  # they are found with every output
    lungs = output.lungs.mask(*drawn.opacity.shape)
    return float(drawn.opacity[lungs].mean()) if lungs.any() else np.nan


def _judged(heat: HeatMap, drawn: OpacityImage) -> tuple[bool, float]:
    """Whether the peak lies in the opacity, and which share of the heat does."""
    values = heat.over(drawn.image.pixels)
    total = float(values.sum())
    if not total:
        return False, 0.0
    peak = np.unravel_index(int(values.argmax()), values.shape)
    return bool(drawn.opacity[peak]), float(values[drawn.opacity].sum()) / total


def _print_scores(title: str, scores: Scores) -> None:
    count = len(scores.patients)
    print(
        f"\n{title}: {count} images of {len(np.unique(scores.patients))} patients; "
        f"a random peak in the lungs would hit {np.nanmean(scores.covered):.1%}"
    )
    weights = patient_weights(scores.patients)
    for name, hits in scores.hits.items():
        shares = scores.shares[name]
        gains = [
            _gain(each - today, weights)
            for each, today in ((hits, scores.hits[TODAY]), (shares, scores.shares[TODAY]))
        ]
        print(
            f"  {name:<48} hits {hits.mean():.1%} ({interval(int(hits.sum()), count)}), gain {gains[0]}; "
            f"heat in opacity {shares.mean():.1%}, gain {gains[1]}"
        )


def _gain(differences: np.ndarray, weights: np.ndarray) -> str:
    """Mean difference in points, with its interval."""
    means = (weights * differences).sum(axis=1) / weights.sum(axis=1)
    low, high = 100 * np.percentile(means, BOUNDS)
    return f"{100 * differences.mean():+.1f} ({low:+.1f} to {high:+.1f})"


def _print_randomisation(arrays: StoredArrays, predictor: Predictor, seen: Seen) -> None:
    """Rank correlation of each candidate's maps with those of networks with random layers."""
    print(f"\nrandomised: {len(seen)} images; mean rank correlation with random {', '.join(RANDOM)}")
    trained = _maps(_class_maps(arrays, predictor.record), predictor, seen)
    correlations: dict[str, list[float]] = {name: [] for name in trained}
    for names in RANDOM.values():
        network = _class_maps(randomised(arrays, names), predictor.record)
        for name, maps in _maps(network, predictor, seen).items():
            pairs = zip(trained[name], maps, strict=True)
            correlations[name].append(float(np.mean([rank_correlation(*pair) for pair in pairs])))
    for name, values in correlations.items():
        print(f"  {name:<48} " + "  ".join(f"{value:+.2f}" for value in values))


def randomised(arrays: StoredArrays, names: tuple[str, ...]) -> StoredArrays:
    """Weights of which those of layers whose names begin so are random, as widely spread as they were."""
    random = np.random.default_rng(SEED)
    return {
        name: tuple(_random(unpacked(array), random) for array in each) if name.startswith(names) else each
        for name, each in arrays.items()
    }


def _random(array: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Normally distributed weights without a mean; biases of 0."""
    spread = array.std() if array.ndim > 1 else 0
    return (spread * random.standard_normal(array.shape)).astype(np.float32)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's; 0 where a map has one value alone."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel())[0])  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()
