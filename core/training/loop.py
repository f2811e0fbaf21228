"""The loop over epochs and steps.

`Model.fit` would do, but on TensorFlow it starts each epoch's input twice and then waits for seconds
for the first batch. Here the stream of batches goes through all epochs, and a run resumed at a step
sees the very batches that an uninterrupted one would have seen. Keras's callbacks work as ever.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import keras
import numpy as np

from core.config import POSITIVE
from core.network import in_batches


@dataclass
class Position:
    """Where the loop stands.

    Attributes:
        epochs: finished ones.
        logs: loss and accuracy of each step of the next epoch that is done.
    """

    epochs: int = 0
    logs: list[dict[str, float]] = field(default_factory=list)

    def steps(self, an_epoch: int) -> int:
        """All steps done, when an epoch has `an_epoch`."""
        return self.epochs * an_epoch + len(self.logs)


def fit(
    model: keras.Model,
    batches: Iterator,
    steps: int,
    epochs: int,
    validate: Callable[[], dict],
    callbacks: list[keras.callbacks.Callback],
    position: Position | None = None,
    class_weight: dict[int, float] | None = None,
) -> None:
    """Train a compiled model until the last epoch or until a callback sets `stop_training`.

    Whatever a callback or `validate` raises, `position` says which steps the weights have seen.

    Args:
        model: compiled.
        batches: gives (input, one-hot labels) without end.
        steps: batches an epoch.
        epochs: most epochs.
        validate: called after each epoch; its numbers join the epoch's logs.
        callbacks: of Keras.
        position: where to begin; moved as the training goes.
        class_weight: what each class weighs in the loss; None for one each.
    """
    position = position or Position()
    calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs, steps=steps)
    model.stop_training = False
    calls.on_train_begin()
    for epoch in range(position.epochs, epochs):
        calls.on_epoch_begin(epoch)
        while len(position.logs) < steps:
            inputs, labels = next(batches)
            logs = model.train_on_batch(  # of this batch alone
                inputs, labels, class_weight=class_weight, return_dict=True
            )
            position.logs.append({name: float(value) for name, value in logs.items()})
            calls.on_train_batch_end(len(position.logs) - 1, position.logs[-1])
        means = {name: float(np.mean([logs[name] for logs in position.logs])) for name in position.logs[0]}
        numbers = means | validate()
        position.epochs, position.logs = epoch + 1, []
        calls.on_epoch_end(epoch, numbers)
        if model.stop_training:
            break
    calls.on_train_end()


def predict(
    model: keras.Model,
    source: Callable[[np.ndarray], np.ndarray],
    count: int,
    between: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Probability of PNEUMONIA of `count` images, float64 (count,).

    Args:
        source: gives the input of some positions.
        between: called before each batch; what it raises ends the prediction.
    """

    def checked(positions: np.ndarray) -> np.ndarray:
        between()
        return source(positions)

    parts = [output[:, POSITIVE] for output in in_batches(model, checked, count)]
    return np.concatenate(parts).astype(np.float64)
