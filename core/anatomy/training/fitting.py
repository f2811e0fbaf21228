"""Training the lung network for some minutes; the best weights on validation are saved as they come."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.anatomy.agreement import dice
from core.anatomy.examples import Examples
from core.anatomy.training.batches import Batch, halved, stream
from core.anatomy.training.network import build, loss
from core.architecture import LUNG_LAYERS
from core.errors import UserError
from core.weights import Arrays, read_network, write_network

WARM_UP = 0.03  # share of the time in which the learning rate rises
FIRST_CHECK = 0.1  # share of the time before the first look at validation


@dataclass(frozen=True)
class LungTraining:
    """How the lung network is trained.

    Attributes:
        minutes: of training; the learning rate falls to zero within them.
        batch_size: images in a batch.
        learning_rate: largest one, of AdamW.
        weight_decay: of AdamW.
        checks: how often validation is looked at.
        seed: of weights, order and augmentation.
        threads: to compute with; 0 for one per core.
    """

    minutes: float = 45.0
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    checks: int = 12
    seed: int = 0
    threads: int = 0


def train_lungs(
    sources: list[tuple[Examples, float]],
    selection: list[Examples],
    path: Path,
    settings: LungTraining,
    start: Path | None = None,
    report: Callable[[dict], None] | None = None,
) -> dict:
    """Train, and keep at `path` the weights with the highest mean Dice on the selection sets.

    The rule: the mean over the selection sets of each set's mean Dice of both lungs together, at 64 x 64.

    Args:
        sources: training images, and how often one is drawn compared with the others.
        selection: held-out images, one set per source of images.
        path: of the weights file.
        settings: of the training.
        start: weights file to start from; None for random weights.
        report: called with what each look at validation showed.

    Returns:
        What the best weights showed.

    Raises:
        UserError: the loss became NaN, or no weights found any lung; the file is as good as it was by then.
    """
    tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(settings.seed)
    model = build(settings.seed)
    if start:
        for name, arrays in read_network(start, LUNG_LAYERS)[0].items():
            model.get_layer(name).set_weights(arrays)
    model.compile(optimizer=keras.optimizers.AdamW(weight_decay=settings.weight_decay), loss=loss)
    batches = stream(sources, settings.batch_size, settings.seed)
    best: dict = {}
    for check in _checks(model, batches, settings):
        check["dice"] = {examples.title: mean_dice(model, examples) for examples in selection}
        check["mean"] = float(np.mean(list(check["dice"].values())))
        if check["mean"] > best.get("mean", 0.0):
            best = check
            write_network(path, LUNG_LAYERS, _arrays(model), {"training": asdict(settings), "best": best})
        if report:
            report(check)
    if not best:
        raise UserError(
            f"The network found no lung in the validation images, so {path} was not written. Train longer, "
            "or with more masks."
        )
    return best


def _checks(model: keras.Model, batches: Iterator[Batch], settings: LungTraining) -> Iterator[dict]:
    """Train; yield whenever validation is due, and at the end. Validation takes no training time."""
    budget, used, losses, images = settings.minutes * 60, 0.0, [], 0
    due = np.linspace(FIRST_CHECK, 1, settings.checks).tolist()
    while due:
        began = time.monotonic()
        model.optimizer.learning_rate = learning_rate(used / budget, settings.learning_rate)
        losses.append(float(model.train_on_batch(*next(batches))))
        if not np.isfinite(losses[-1]):
            raise UserError(f"Training diverged: the loss became {losses[-1]}. Weights saved before it stay.")
        images += settings.batch_size
        used += time.monotonic() - began
        if used / budget >= due[0]:
            yield {"minutes": round(used / 60, 2), "images": images, "loss": float(np.mean(losses))}
            losses = []
            due = [share for share in due if share > used / budget]


def learning_rate(done: float, largest: float) -> float:
    """A short rise, then half a cosine down to zero.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Args:
        done: share of the training, 0 to 1.
        largest: learning rate at the end of the rise.
    """
    if done < WARM_UP:
        return largest * (done + 0.1 * WARM_UP) / (1.1 * WARM_UP)
    return largest * (1 + np.cos(np.pi * min(1, (done - WARM_UP) / (1 - WARM_UP)))) / 2


def mean_dice(model: keras.Model, examples: Examples, batch: int = 64) -> float:
    """Mean Dice of both lungs together, at 64 x 64."""
    scores = []
    for start in range(0, len(examples), batch):
        images = examples.images[start : start + batch].astype(np.float32)[..., np.newaxis]
        lungs = halved(examples.lungs[start : start + batch]).sum(axis=-1) >= 127.5
        predicted = np.asarray(keras.ops.softmax(model.predict_on_batch(images)))[..., 0] < 0.5
        scores += [dice(*pair) for pair in zip(predicted, lungs, strict=True)]
    return float(np.mean(scores))


def _arrays(model: keras.Model) -> Arrays:
    return {
        layer.name: tuple(model.get_layer(layer.name).get_weights()) for layer in LUNG_LAYERS if layer.weights
    }
