"""Is there a heat map within the lungs that is sharper than today's?

python -m experiments.lung_maps DATA WEIGHTS [--part choosing|randomised|confirming]

The rule, written before anything was measured, is in docs/results/heat-map.md. Test images are not read;
the confirming images are with `--part confirming` alone.
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from core.config import CLASS_NAMES, POSITIVE, TrainingSettings, processor
from core.dataset import Dataset, open_dataset, rows_by_role
from core.evaluation import patient_weights
from core.images import Image, read_image
from core.inference import HeatMap, ModelOutput, NetworkPredictor, load_network
from core.weights import StoredArrays, read_stored_model
from experiments.class_maps import TODAY
from experiments.covered_places import Place, as_seen, falls, falls_over_lungs, log_odds_of, lungs_in_frame
from experiments.drawn_opacities import FAINTER, STRONGER, OpacityImage, with_opacity
from experiments.normal_maps import NormalMaps
from experiments.sharper_maps import MIN_RISE, RANDOM, randomised, rank_correlation

SEED = 135
CHOOSING, NORMAL, PNEUMONIAS, RANDOMISED = 150, 200, 150, 40  # images
DRAWS = 4  # of which the first that the model sees counts
STRENGTHS = {"fainter": FAINTER, "stronger": STRONGER}
PLACES = 5  # at random
BOUNDS = (2.5, 97.5)
MEASURED = ("choosing", "randomised", "confirming")
COVERING = "covering, 8 pixels apart (too slow)"
Seen = list[tuple[OpacityImage, ModelOutput]]


@dataclass(frozen=True)
class Parts:
    """Rows of a data set, by what they are for."""

    choosing: np.ndarray
    normal: np.ndarray
    confirming: np.ndarray
    pneumonias: np.ndarray


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option("--part", "measured", type=click.Choice(MEASURED), multiple=True, default=MEASURED[:2])
@click.option("--limit", type=int, help="Images of each kind, to try the program; default: all.")
def main(data: Path, weights: Path, measured: tuple[str, ...], limit: int | None) -> None:
    """Hits, falls of the log-odds and randomisation test of each candidate."""
    predictor, dataset = load_network(weights), open_dataset(data)
    parts, (arrays, _) = _parts(dataset), read_stored_model(weights)
    normal = as_seen(predictor, predictor.outputs(_images(dataset, parts.normal[:limit])))
    network = _normal_maps(arrays, predictor, normal)
    half = _first_half(dataset, parts.pneumonias)
    if {"choosing", "randomised"} & set(measured):
        seen = _drawn(predictor, dataset, parts.choosing[:limit])
        if "choosing" in measured:
            _print_hits("choosing", network, predictor, seen, slow=True)
            _print_falls("choosing", network, predictor, dataset, parts.pneumonias[half][:limit], slow=True)
        if "randomised" in measured:
            pairs = [each for pairs in seen.values() for each in pairs]
            _print_randomisation(arrays, predictor, normal, pairs)
    if "confirming" in measured:
        seen = _drawn(predictor, dataset, parts.confirming[:limit])
        _print_hits("confirming", network, predictor, seen, slow=False)
        _print_falls("confirming", network, predictor, dataset, parts.pneumonias[~half][:limit], slow=False)


def _parts(dataset: Dataset) -> Parts:
    rows = rows_by_role(dataset, TrainingSettings(data=str(dataset.root), seed=0))
    table, random = dataset.table, np.random.default_rng(SEED)
    is_normal = (table["label"] == CLASS_NAMES[1 - POSITIVE]).to_numpy()
    training = random.permutation(rows["training"][is_normal[rows["training"]]])
    _, first = np.unique(table["patient"].iloc[training], return_index=True)
    of_patients = random.permutation(training[first])  # one image of each
    validation = rows["validation"]
    return Parts(
        of_patients[:CHOOSING],
        of_patients[CHOOSING : CHOOSING + NORMAL],
        validation[is_normal[validation]],
        random.permutation(validation[~is_normal[validation]])[:PNEUMONIAS],
    )


def _first_half(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Which rows are of the first half of their patients, in a random order."""
    patients = dataset.table["patient"].iloc[rows].to_numpy()
    ordered = np.random.default_rng(SEED).permutation(np.unique(patients))
    return np.isin(patients, ordered[: len(ordered) // 2])


def _images(dataset: Dataset, rows: np.ndarray) -> list[Image]:
    return [read_image(dataset.root / path) for path in dataset.table["path"].iloc[rows]]


def _normal_maps(arrays: StoredArrays, predictor: NetworkPredictor, normal: np.ndarray) -> NormalMaps:
    return NormalMaps(arrays, predictor.record, processor.resolved("auto"), normal)


def _drawn(predictor: NetworkPredictor, dataset: Dataset, rows: np.ndarray) -> dict[str, Seen]:
    """By strength, for each image the first opacity that the model sees, where the lungs stay plausible."""
    images, random = _images(dataset, rows), np.random.default_rng(SEED)
    patients = dataset.table["patient"].iloc[rows]
    seen: dict[str, Seen] = {name: [] for name in STRENGTHS}
    for image, plain, patient in zip(images, predictor.outputs(images), patients, strict=True):
        if plain.lungs is None or not plain.lungs.plausible:
            continue
        before = log_odds_of(predictor, as_seen(predictor, [plain]))
        for name, strength in STRENGTHS.items():
            draws = [with_opacity(image, plain.lungs, patient, random, strength) for _ in range(DRAWS)]
            outputs = predictor.outputs([each.image for each in draws])
            rises = log_odds_of(predictor, as_seen(predictor, outputs)) - before
            for each, output, rise in zip(draws, outputs, rises, strict=True):
                if rise >= MIN_RISE and output.lungs is not None and output.lungs.plausible:
                    seen[name].append((each, output))
                    break
    for name, pairs in seen.items():
        called = np.mean([output.prediction.label == CLASS_NAMES[POSITIVE] for _, output in pairs])
        print(f"{name}: {len(pairs)} of {len(images)} images have one that is seen; {called:.0%} PNEUMONIA")
    return seen


def _over(values: np.ndarray, drawn: OpacityImage, output: ModelOutput) -> np.ndarray:
    """A map in the size of its image."""
    return HeatMap(values, output.frame.box).over(drawn.image.pixels)


def _lungs(drawn: OpacityImage, output: ModelOutput) -> np.ndarray:
    assert output.lungs is not None  # only plausible lungs were kept
    return output.lungs.mask(*drawn.opacity.shape)


def _chance(drawn: OpacityImage, output: ModelOutput) -> float:
    """How often a random place in the lungs hits."""
    return float(drawn.opacity[_lungs(drawn, output)].mean())


def _print_hits(
    title: str, network: NormalMaps, predictor: NetworkPredictor, seen: dict[str, Seen], slow: bool
) -> None:
    pairs = [each for part in seen.values() for each in part]
    maps = network.of(as_seen(predictor, [output for _, output in pairs]), slow)
    if slow:
        maps[COVERING] = np.stack([falls_over_lungs(predictor, output) for _, output in pairs])
    hits, shares = {}, {}
    for name, candidate in maps.items():
        judged = [_judged(values, *pair) for values, pair in zip(candidate, pairs, strict=True)]
        hits[name], shares[name] = np.array(judged, float).T
    everywhere = [
        _peak_hits(_over(*each), each[1]) for each in zip(maps[TODAY], *zip(*pairs, strict=True), strict=True)
    ]
    whole, chance = np.array(everywhere), np.array([_chance(*pair) for pair in pairs])
    patients = np.array([drawn.patient for drawn, _ in pairs])
    strength = np.repeat(list(seen), [len(part) for part in seen.values()])
    for part in ("together", *seen):
        rows = (strength == part) | (part == "together")
        print(f"\n{title}, {part}: {rows.sum()} images; by chance {chance[rows].mean():.1%}")
        print(f"  today's, not only in the lungs: {whole[rows].mean():.1%}")
        for name in maps:
            over_today, over_chance = (
                _gain((hits[name] - other)[rows], patients[rows]) for other in (hits[TODAY], chance)
            )
            print(
                f"  {name:<58} hits {hits[name][rows].mean():.1%}, over today's {over_today}, over chance "
                f"{over_chance}; heat in opacity {shares[name][rows].mean():.1%}"
            )


def _judged(values: np.ndarray, drawn: OpacityImage, output: ModelOutput) -> tuple[bool, float]:
    """Whether the peak in the lungs lies in the opacity, and which share of the heat in the lungs does."""
    heat = _over(values, drawn, output) * _lungs(drawn, output)
    total = float(heat.sum())
    return _peak_hits(heat, drawn), float(heat[drawn.opacity].sum()) / total if total else 0.0


def _peak_hits(heat: np.ndarray, drawn: OpacityImage) -> bool:
    return bool(heat.any() and drawn.opacity[np.unravel_index(int(heat.argmax()), heat.shape)])


def _gain(differences: np.ndarray, patients: np.ndarray) -> str:
    """Mean difference in points, with its interval."""
    low, mean, high = (100 * value for value in _mean(differences, patients))
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def _mean(values: np.ndarray, patients: np.ndarray) -> tuple[float, float, float]:
    """Lower bound, mean and upper bound; patients are drawn."""
    weights = patient_weights(patients)
    low, high = np.percentile((weights @ values) / weights.sum(axis=1), BOUNDS)
    return float(low), float(values.mean()), float(high)


def _print_falls(
    title: str,
    network: NormalMaps,
    predictor: NetworkPredictor,
    dataset: Dataset,
    rows: np.ndarray,
    slow: bool,
) -> None:
    """Falls of the log-odds of real pneumonias when the peak of each map is covered."""
    of_rows = zip(predictor.outputs(_images(dataset, rows)), dataset.table["patient"].iloc[rows], strict=True)
    predicted = [
        (output, patient)
        for output, patient in of_rows
        if output.prediction.label == CLASS_NAMES[POSITIVE] and output.lungs and output.lungs.plausible
    ]
    outputs, patients = [output for output, _ in predicted], np.array([patient for _, patient in predicted])
    maps, random = network.of(as_seen(predictor, outputs), slow), np.random.default_rng(SEED)
    names = list(maps)
    rows_of_falls = []
    for number, output in enumerate(outputs):
        mask = lungs_in_frame(output)
        peaks = [_peak(maps[name][number], mask) for name in names]
        places = random.choice(np.argwhere(mask), PLACES)
        found = falls(predictor, output, [*peaks, *map(tuple, places)])
        rows_of_falls.append([*found[: len(names)], found[len(names) :].mean()])
    table = np.array(rows_of_falls)
    print(f"\n{title}: {len(table)} real pneumonias of {len(np.unique(patients))} patients")
    print(f"  log-odds fall at a random place by {table[:, -1].mean():.2f}")
    for name, values in zip(names, table.T, strict=False):
        over = [
            "{1:+.2f} ({0:+.2f} to {2:+.2f})".format(*_mean(values - other, patients))
            for other in (table[:, 0], table[:, -1])
        ]
        print(f"  {name:<58} {values.mean():.2f}, over today's {over[0]}, over a random place {over[1]}")


def _peak(values: np.ndarray, mask: np.ndarray) -> Place:
    """Row and column of the peak of a map in the lungs, in what the model sees."""
    heat = HeatMap(values).over(np.empty(mask.shape, np.uint8)) * mask
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return int(row), int(column)


def _print_randomisation(
    arrays: StoredArrays, predictor: NetworkPredictor, normal: np.ndarray, seen: Seen
) -> None:
    """Rank correlation of each candidate's maps with those of networks with random layers."""
    some = seen[:: max(1, len(seen) // RANDOMISED)][:RANDOMISED]
    pixels = as_seen(predictor, [output for _, output in some])
    trained = _normal_maps(arrays, predictor, normal).of(pixels, slow=False)
    correlations = {name: [] for name in trained}
    for names in RANDOM.values():
        other = _normal_maps(randomised(arrays, names), predictor, normal).of(pixels, slow=False)
        for name, maps in other.items():
            correlations[name].append(np.mean(list(map(rank_correlation, trained[name], maps))))
    print(f"\nrandomised: {len(pixels)} images; mean rank correlation with random {', '.join(RANDOM)}")
    for name, values in correlations.items():
        print(f"  {name:<58} " + "  ".join(f"{value:+.2f}" for value in values))


if __name__ == "__main__":
    main()
