"""What a stage really trains: the whole network on pixels, or its end on kept activations."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import keras
import numpy as np

from core.architecture import BACKBONE_END, CUT, LOGITS
from core.backbones import VGG19
from core.config import Stage, TrainingSettings
from core.dataset import FilmFeatures, keep_film_features
from core.network import FeatureStore, hasten, segment, weights_digest
from core.runs import is_hastened
from core.training.batches import Source
from core.training.data import Films, RunData, view_key
from core.training.progress import Progress

FILMS_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Trainee:
    """A model and where its input comes from.

    Of a probability that has reached 0 or 1 a loss has no gradient left, where Keras cannot see the logits
    behind it, as on JAX and PyTorch: so the loss sees logits.

    Attributes:
        model: what trains, from the input that `train` and `plain` give to logits.
        answering: the same to probabilities; they share their layers.
        train: input of the training films by (positions, pass).
        plain: by role (validation, judging, test), input of the films by positions.
    """

    model: keras.Model
    answering: keras.Model
    train: Source
    plain: dict[str, Callable[[np.ndarray], np.ndarray]]


def direct(network: keras.Model, data: RunData) -> Trainee:
    """The whole network on pixels; every pass sees new views."""
    return Trainee(
        segment(network, None, LOGITS),
        network,
        data.training.views,
        {role: getattr(data, role).plain for role in ("validation", "judging", "test")},
    )


def on_kept_activations(
    network: keras.Model,
    stage: Stage,
    data: RunData,
    settings: TrainingSettings,
    store: FeatureStore,
    progress: Progress,
) -> Trainee:
    """The end of the network that `stage` trains, on activations of the frozen part before it.

    One extraction at `block5_conv2` serves stages 1 and 2; stage 1 goes on from there to
    `block5_pool`. Of another backbone all is kept that stands before the head. Pass p sees view p modulo
    `settings.views`.
    """
    own = settings.backbone == VGG19
    cut = CUT if own else settings.backbone
    trunk = segment(network, None, cut)
    if is_hastened(settings, progress.plan.extracted_images()):
        hasten(trunk)
    bridge = segment(network, CUT, BACKBONE_END) if own and not stage.trains else None
    weights = {"trunk": weights_digest(trunk), "bridge": bridge and weights_digest(bridge)}
    extract = partial(_extract, trunk, bridge, weights, store, progress)
    views = [extract(data.training, view) for view in range(settings.kept_views)]
    held_out = {"validation": extract(data.validation, None), "test": extract(data.test, None)}
    judging = extract(data.judging, None)
    progress.reach(progress.plan.extraction())
    if not stage.trains and settings.preprocessing == "none":  # those of a set are of its films as they are
        keep_film_features(data.training.dataset.root, _film_features(data, views[0], held_out, weights))
    start = cut if bridge is None else BACKBONE_END
    return Trainee(
        segment(network, start, LOGITS),
        segment(network, start),
        lambda positions, number: _rows(views[number % len(views)], positions),
        {role: partial(_rows, kept) for role, kept in {**held_out, "judging": judging}.items()},
    )


def _extract(trunk, bridge, weights, store, progress, films: Films, view: int | None):
    key = view_key(films, view)
    key |= {"trunk": weights["trunk"], "precision": trunk.layers[-1].compute_dtype}
    share = progress.plan.extraction() / max(1, progress.plan.extracted_images())

    def pixels(positions: np.ndarray) -> np.ndarray:
        progress.work(share * len(positions), message="Computing the frozen layers once")
        return films.plain(positions) if view is None else films.views(positions, view)

    @cache
    def trunk_output() -> np.ndarray:
        return store.get(trunk, key, len(films), pixels)

    if bridge is None:
        return trunk_output()

    behind = {**key, "bridge": weights["bridge"]}
    return store.get(bridge, behind, len(films), lambda positions: _rows(trunk_output(), positions))


def _film_features(data: RunData, view: np.ndarray, held_out: dict, weights: dict) -> FilmFeatures:
    """Means over places of the backbone's output, (n, channels): training films by their first view."""
    parts = [(data.training, view), *((getattr(data, role), kept) for role, kept in held_out.items())]
    digests, features = [], []
    for films, kept in parts:
        digests += list(films.table["sha256"])
        starts = range(0, len(films), FILMS_AT_ONCE)
        features += [_rows(kept, slice(n, n + FILMS_AT_ONCE)).mean(axis=(1, 2)) for n in starts]
    first = dict(zip(digests[::-1], range(len(digests))[::-1], strict=True))  # copies have one row
    chosen = np.fromiter(first.values(), int)
    features = np.concatenate(features).astype(np.float16)[chosen]
    return FilmFeatures(np.array(list(first)), features, weights["trunk"] + (weights["bridge"] or ""))


def _rows(kept: np.ndarray, positions: np.ndarray | slice) -> np.ndarray:
    return kept[positions].astype(np.float32, copy=False)
