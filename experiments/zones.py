"""Do three zones keep their promise, and do they decide better than the finding UNCERTAIN?

python -m experiments.zones DATA RUN --stage 3

The rule, written before anything was measured: ways of leaving images undecided are fitted and compared on
validation images alone, cross-fitted by patient (five folds, drawn 20 times). Zones replace what Diagnosis
shows today (undecided if UNCERTAIN or borderline) if they decide fewer images wrongly (missed or false
alarm) on average and in at least 15 of the 20 draws, with as many undecided images where they are found.
Zones around the model's own decision threshold, which contradict no predicted label, are taken unless those
around one half are better by the same standard. Test images are read once, with bounds from all validation
images, and choose nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np

from core.config import THRESHOLD
from core.dataset import open_dataset, rows_by_role
from core.errors import UserError
from core.evaluation import Zones, at_least, find_zones, patient_groups, zone_outcome
from core.inference import load_predictor
from core.inference.stability import MAX_CHANGED, copies
from core.runs import open_run
from experiments.percentages import interval

FOLDS, DRAWS = 5, 20
MISS_RATE, FALSE_ALARM_RATE = 0.02, 0.05
FACTORS = np.geomspace(0.2, 10, 60)  # of both rates, for as many undecided images as another way
OWN, HALF = "own threshold", "one half"  # that the zones lie around


@dataclass(frozen=True, eq=False)
class Scores:
    """Images with the model's probabilities for them and for their shifted or mirrored copies.

    Attributes:
        labels, probabilities: (n,).
        copies: (n, 8).
        patients: (n,).
    """

    labels: np.ndarray
    probabilities: np.ndarray
    copies: np.ndarray
    patients: np.ndarray

    def where(self, chosen: np.ndarray) -> "Scores":
        """Those of some of the images, by a mask of shape (n,)."""
        return Scores(*(array[chosen] for array in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Decisions:
    """What a way of deciding makes of images: 1 pneumonia, 0 none, -1 undecided; int (n,)."""

    given: np.ndarray
    labels: np.ndarray

    @property
    def undecided(self) -> np.ndarray:
        return self.given == -1

    @property
    def missed(self) -> np.ndarray:
        return (self.given == 0) & (self.labels == 1)

    @property
    def false_alarms(self) -> np.ndarray:
        return (self.given == 1) & (self.labels == 0)

    @property
    def wrong(self) -> np.ndarray:
        return self.missed | self.false_alarms


def all_decided(fitted: Scores, images: Scores) -> Decisions:
    """By the decision threshold alone: a sensitivity of 95% on the images that it is found on."""
    return Decisions((images.probabilities >= _threshold(fitted)).astype(int), images.labels)


def uncertain(fitted: Scores, images: Scores, unstable: bool = True, borderline: bool = False) -> Decisions:
    """Undecided if the result changes in two copies, or if the probability alone suggests the other label."""
    threshold = _threshold(fitted)
    positive = images.probabilities >= threshold
    changed = ((images.copies >= threshold) != positive[:, np.newaxis]).sum(axis=1) > MAX_CHANGED
    other_label = positive != (images.probabilities >= THRESHOLD)
    undecided = (unstable & changed) | (borderline & other_label)
    return Decisions(np.where(undecided, -1, positive), images.labels)


def by_zones(fitted: Scores, images: Scores, around: str, like: "Way | None" = None) -> Decisions:
    """By zones with the default rates, or with as many undecided images as another way."""
    zones = _zones(fitted, around) if like is None else _as_undecided(fitted, around, like)
    return _by(zones, images)


Way = Callable[[Scores, Scores], Decisions]
UNSTABLE: Way = uncertain
PAGE: Way = partial(uncertain, borderline=True)
BORDERLINE: Way = partial(uncertain, unstable=False, borderline=True)
WAYS: dict[str, Way] = {
    "decision threshold": all_decided,
    "UNCERTAIN": UNSTABLE,
    "UNCERTAIN or borderline": PAGE,
    "borderline": BORDERLINE,
} | {
    f"zones around {around}{title}": partial(by_zones, around=around, like=like)
    for title, like in (
        (", 2% and 5%", None),
        (", as undecided as UNCERTAIN", UNSTABLE),
        (", as undecided as UNCERTAIN or borderline", PAGE),
        (", as undecided as borderline", BORDERLINE),
    )
    for around in (OWN, HALF)
}


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("name", metavar="RUN")
@click.option("--stage", type=int, default=3, show_default=True, help="Stage of the run.")
def main(data: Path, name: str, stage: int) -> None:
    """Compare ways of leaving images undecided: cross-fitted on validation, then once on test."""
    report(*(scores(data, name, stage, split) for split in ("validation", "test")))


def scores(data: Path, name: str, stage: int, split: str) -> Scores:
    """The model's probabilities for the images of a split and for their copies."""
    run, dataset = open_run(name), open_dataset(data)
    rows = rows_by_role(dataset, run.settings())[split]
    predictor = load_predictor(run.weights_path(stage))
    images = predictor.framed(dataset)[rows]
    return Scores(
        dataset.labels[rows],
        predictor.probabilities(images),
        np.stack([predictor.probabilities(copies(image)) for image in images]),
        patient_groups(dataset.table.iloc[rows]).to_numpy(str),
    )


def report(validation: Scores, test: Scores) -> None:
    """Print what every way decides on held-out validation images and on test images."""
    drawn = {title: _cross_fitted(way, validation) for title, way in WAYS.items()}
    for title, way in WAYS.items():
        wrong = np.array([each.wrong.sum() for each in drawn[title]])
        print(f"{title}\n  validation: {_means(drawn[title])}; wrong {wrong.min()} to {wrong.max()}")
        print(f"  test: {_shares(way(validation, test))}")
        if "as undecided as" in title:
            other = np.array([each.wrong.sum() for each in drawn[title.split("as undecided as ")[1]]])
            print(
                f"  fewer wrong in {(wrong < other).sum()}, more in {(wrong > other).sum()} of {DRAWS} draws"
            )
    for around in (OWN, HALF):
        zones = _zones(validation, around)
        print(f"zones around {around}: {zones}")
        for images in (validation, test):
            print(f"  {zone_outcome(zones, images.labels, images.probabilities, images.patients)}")


def _threshold(fitted: Scores) -> float:
    return at_least(fitted.labels, fitted.probabilities, "sensitivity", 0.95).threshold


def _zones(fitted: Scores, around: str, factor: float = 1.0) -> Zones:
    threshold = _threshold(fitted) if around == OWN else THRESHOLD
    rates = min(factor * MISS_RATE, 0.99), min(factor * FALSE_ALARM_RATE, 0.99)
    return find_zones(fitted.labels, fitted.probabilities, fitted.patients, threshold, *rates)


def _as_undecided(fitted: Scores, around: str, like: Way) -> Zones:
    """Zones with as many undecided images as another way, where they are found; of equals the strictest."""
    wanted = like(fitted, fitted).undecided.sum()
    candidates = []
    for factor in FACTORS:
        try:
            candidates.append(_zones(fitted, around, factor))
        except UserError:  # too few patients for so low a rate
            continue
    return min(candidates, key=lambda zones: abs(int(_by(zones, fitted).undecided.sum()) - int(wanted)))


def _by(zones: Zones, images: Scores) -> Decisions:
    below, above = images.probabilities < zones.low, images.probabilities > zones.high
    return Decisions(np.where(below, 0, np.where(above, 1, -1)), images.labels)


def _cross_fitted(way: Way, images: Scores) -> list[Decisions]:
    """Decisions on all images, each fitted without its patient, once a draw."""
    owners, numbers = np.unique(images.patients, return_inverse=True)
    draws = []
    for seed in range(DRAWS):
        folds = np.random.default_rng(seed).permutation(len(owners))[numbers] % FOLDS
        given = np.zeros(len(numbers), int)
        for fold in range(FOLDS):
            held_out = folds == fold
            given[held_out] = way(images.where(~held_out), images.where(held_out)).given
        draws.append(Decisions(given, images.labels))
    return draws


def _means(draws: list[Decisions]) -> str:
    parts = []
    for title in ("undecided", "missed", "false_alarms", "wrong"):
        counts = [getattr(each, title).sum() for each in draws]
        parts.append(f"{title} {np.mean(counts):.1f} ({np.mean(counts) / len(draws[0].labels):.1%})")
    return ", ".join(parts)


def _shares(decisions: Decisions) -> str:
    count = len(decisions.labels)
    parts = []
    for title in ("undecided", "missed", "false_alarms", "wrong"):
        images = int(getattr(decisions, title).sum())
        parts.append(f"{title} {images} of {count}, {images / count:.1%} ({interval(images, count)})")
    return ", ".join(parts)


if __name__ == "__main__":
    main()
