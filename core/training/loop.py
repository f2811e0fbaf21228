"""The loop over epochs and steps.

`Model.fit` would do, but on TensorFlow it starts each epoch's input pipeline twice and then waits for seconds
for the first batch. Here one stream of batches goes through all epochs, and a run resumed at a step sees the
same batches that an uninterrupted run would have seen. Keras's callbacks work as usual.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import keras
import numpy as np

from core.config import POSITIVE
from core.network import in_batches
from core.training.batches import Batch


@dataclass
class Position:
    """Position of the loop.

    Attributes:
        epochs: finished epochs.
        logs: loss and accuracy of each finished step of the next epoch.
    """

    epochs: int = 0
    logs: list[dict[str, float]] = field(default_factory=list)

    def steps(self, steps_per_epoch: int) -> int:
        """Number of all finished steps."""
        return self.epochs * steps_per_epoch + len(self.logs)


def fit(
    model: keras.Model,
    batches: Iterator[Batch],
    steps: int,
    epochs: int,
    validate: Callable[[], dict[str, float]],
    callbacks: list[keras.callbacks.Callback],
    position: Position | None = None,
    class_weight: dict[int, float] | None = None,
) -> None:
    """Train a compiled model until the last epoch or until a callback sets `stop_training`.

    Whatever a callback or `validate` raises, `position` says which steps the weights have seen.

    Args:
        model: compiled.
        batches: endless iterator over (input, one-hot labels).
        steps: batches per epoch.
        epochs: maximum number of epochs.
        validate: called after each epoch; its metrics are added to the epoch's logs.
        callbacks: of Keras.
        position: where to begin; updated during training.
        class_weight: weight of each class in the loss; None for equal weights.
    """
    position = position or Position()
    calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs, steps=steps)
    model.stop_training = False
    calls.on_train_begin()
    for epoch in range(position.epochs, epochs):
        calls.on_epoch_begin(epoch)
        while len(position.logs) < steps:
            inputs, labels = next(batches)
            logs = model.train_on_batch(  # logs of this batch alone
                inputs, labels, class_weight=class_weight, return_dict=True
            )
            position.logs.append({name: float(value) for name, value in logs.items()})
            calls.on_train_batch_end(len(position.logs) - 1, position.logs[-1])
        means = {name: float(np.mean([logs[name] for logs in position.logs])) for name in position.logs[0]}
        epoch_logs = means | validate()
        position.epochs, position.logs = epoch + 1, []
        calls.on_epoch_end(epoch, epoch_logs)
        if model.stop_training:
            break
    calls.on_train_end()


def predict(
    model: keras.Model,
    source: Callable[[np.ndarray], np.ndarray],
    count: int,
    before_batch: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Probability of PNEUMONIA of `count` images, float64 of shape (count,).

    Args:
        model: from input to probabilities.
        source: returns the input of some positions.
        count: number of images.
        before_batch: called before each batch; an exception it raises ends the prediction.
    """

    def checked(positions: np.ndarray) -> np.ndarray:
        before_batch()
        return source(positions)

    parts = [output[:, POSITIVE] for output in in_batches(model, checked, count)]
    return np.concatenate(parts).astype(np.float64)
