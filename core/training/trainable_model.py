"""The trainable model of a stage: the whole network on pixels, or its end on cached activations."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from core.architecture import LOGITS
from core.config import WHOLE
from core.dataset import ImageFeatures, save_image_features
from core.network import FeatureStore, segment
from core.runs import cached_activations
from core.sentence import Sentence
from core.training.batches import InputSource
from core.training.frozen_layers import FrozenLayers, rows_of
from core.training.stage_training import StageTraining

IMAGES_AT_ONCE = 32
HELD_OUT = ("validation", "test", "selection")


@dataclass(frozen=True, eq=False)
class TrainableModel:
    """The layers that a stage trains, and their input.

    Training uses logits: a saturated softmax has no gradient, and JAX and PyTorch do not recover the logits
    behind it.

    Attributes:
        logits: the model to train, from its input to logits.
        probabilities: the same layers up to the probabilities.
        training_input: returns the input of training images by (positions, pass).
        inputs: by role (validation, test, selection), returns the input of images by positions.
    """

    logits: keras.Model
    probabilities: keras.Model
    training_input: InputSource
    inputs: dict[str, Callable[[np.ndarray], np.ndarray]]


def trainable_model(training: StageTraining) -> TrainableModel:
    """The trainable model of a stage, on cached activations where possible, else on pixels.

    Activations are cached if all layers up to the cut layer are frozen and the disk has room.
    """
    run, settings, stage, progress = training.run, training.settings, training.stage, training.progress
    progress.write(stage=stage.number, epoch=0, epochs=settings.epochs, step=0, steps=0)
    backbone = settings.architecture
    if not (settings.cache_activations and backbone.freezes_up_to_cut(stage.trained_layers)):
        return on_pixels(training)
    cache_bytes = progress.estimate.cache_bytes()
    if not FeatureStore(cached_activations.folder()).has_room_for(cache_bytes):
        run.add_status_note(
            Sentence(
                "The disk has no room for {size:.1f} GiB of cached activations: every epoch computes the "
                "frozen layers again, which is slower and gives the same result.",
                size=cache_bytes / 2**30,
            )
        )
        return on_pixels(training)
    return on_cached_activations(training)


def on_pixels(training: StageTraining) -> TrainableModel:
    """The whole network on pixels; every pass sees new augmented views."""
    network, data = training.network, training.data
    return TrainableModel(
        segment(network, None, LOGITS),
        network,
        data.training.augmented,
        {role: getattr(data, role).plain for role in HELD_OUT},
    )


def on_cached_activations(training: StageTraining) -> TrainableModel:
    """The end of the network that the stage trains, on cached activations of the frozen layers before it.

    Pass p sees augmented view p modulo `settings.views`.
    """
    settings, data, network = training.settings, training.data, training.network
    frozen = FrozenLayers.of(training)
    views = [frozen.activations(data.training, view) for view in range(settings.cached_views)]
    held_out = {role: frozen.activations(getattr(data, role), None) for role in HELD_OUT}
    training.progress.raise_to(training.progress.estimate.extraction())
    head_only = not training.stage.trained_layers
    if head_only and (settings.preprocessing, settings.framing) == ("none", WHOLE):  # of the original images
        features = _image_features(training, views[0], held_out, frozen.digest)
        save_image_features(data.training.dataset.root, features)
    return TrainableModel(
        segment(network, frozen.end, LOGITS),
        segment(network, frozen.end),
        lambda positions, number: rows_of(views[number % len(views)], positions),
        {role: partial(rows_of, activations) for role, activations in held_out.items()},
    )


def _image_features(
    training: StageTraining, view: np.ndarray, held_out: dict[str, np.ndarray], digest: str
) -> ImageFeatures:
    """Spatial means of the backbone's output, (n, channels); of training images in their first view."""
    data = training.data
    parts = [
        (data.training, view),
        (data.validation, held_out["validation"]),
        (data.test, held_out["test"]),
    ]
    digests, means = [], []
    for images, activations in parts:
        digests += list(images.table["sha256"])
        starts = range(0, len(images), IMAGES_AT_ONCE)
        means += [rows_of(activations, slice(n, n + IMAGES_AT_ONCE)).mean(axis=(1, 2)) for n in starts]
    first = dict(zip(digests[::-1], range(len(digests))[::-1], strict=True))  # one row per distinct image
    rows = np.fromiter(first.values(), int)
    features = np.concatenate(means).astype(np.float16)[rows]
    return ImageFeatures(np.array(list(first)), features, digest)
