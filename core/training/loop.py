"""The loop over epochs and steps.

`Model.fit` would do, but on TensorFlow it starts each epoch's input twice and then waits for seconds
for the first batch. Here the stream of batches goes through all epochs, and a run resumed at a step
sees the very batches that an uninterrupted one would have seen. Keras's callbacks work as ever.
"""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from core.config import POSITIVE

PREDICTION_BATCH = 32


def fit(
    model: keras.Model,
    batches: Iterator,
    steps: int,
    epochs: int,
    validate: Callable[[], dict],
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Train a compiled model until the last epoch or until a callback sets `stop_training`.

    Args:
        model: compiled.
        batches: gives (input, one-hot labels) without end.
        steps: batches an epoch.
        epochs: most epochs.
        validate: called after each epoch; its numbers join the epoch's logs.
        callbacks: of Keras.
    """
    calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs, steps=steps)
    model.stop_training = False
    calls.on_train_begin()
    for epoch in range(epochs):
        calls.on_epoch_begin(epoch)
        history = []
        for step in range(steps):
            inputs, labels = next(batches)
            logs = model.train_on_batch(inputs, labels, return_dict=True)  # of this batch alone
            history.append({name: float(value) for name, value in logs.items()})
            calls.on_train_batch_end(step, history[-1])
        means = {name: float(np.mean([logs[name] for logs in history])) for name in history[0]}
        calls.on_epoch_end(epoch, means | validate())
        if model.stop_training:
            break
    calls.on_train_end()


def predict(model: keras.Model, source: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """Probability of PNEUMONIA of `count` images, float64 (count,).

    Every batch has the same size (the last one wraps around), so that nothing is compiled twice.

    Args:
        source: gives the input of some positions.
    """
    parts = []
    for start in range(0, count, PREDICTION_BATCH):
        positions = np.arange(start, start + PREDICTION_BATCH) % count
        output = keras.ops.convert_to_numpy(model.predict_on_batch(source(positions)))
        parts.append(output[: count - start, POSITIVE])
    return np.concatenate(parts).astype(np.float64)
