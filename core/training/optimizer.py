"""The optimizer of a stage, its learning rate, and the running average of the weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from core.config import Stage, TrainingSettings


def optimizer(settings: TrainingSettings, stage: Stage, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a stage.

    Args:
        settings: of the run.
        stage: the stage to train.
        steps: per epoch.
    """
    rate: Any = settings.rate(stage.number)  # Any: Keras infers that it cannot be a schedule
    if settings.schedule == "cosine":
        warmup_steps = round(settings.warmup * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup_steps else rate,
            max(settings.epochs * steps - warmup_steps, 1),
            warmup_target=rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        )
    common: dict[str, Any] = {"global_clipnorm": settings.clip_norm}
    if settings.weight_average:
        common |= {"use_ema": True, "ema_momentum": settings.weight_average}
    if settings.optimizer == "adam":
        return Adam(learning_rate=rate, **common)
    if settings.optimizer == "adamw":
        return AdamW(learning_rate=rate, weight_decay=settings.weight_decay, **common)
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.nesterov, **common)


class _InOnePass(keras.optimizers.Optimizer):
    """Compiles the whole update, with weight decay and average, into one pass over the weights.

    TensorFlow would pass over them once per operation, about twenty times for AdamW with an average.
    """

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Apply gradients to the weights."""
        if keras.backend.backend() != "tensorflow":  # other backends compile the whole step
            super().apply(grads, trainable_variables)
            return
        import tensorflow as tf  # imported lazily: other backends do not have it

        update = super().apply
        tf.function(lambda grads: update(grads, trainable_variables), jit_compile=True)(grads)


class Adam(_InOnePass, keras.optimizers.Adam):
    """Keras's Adam, compiled into one pass."""


class AdamW(_InOnePass, keras.optimizers.AdamW):
    """Keras's AdamW, compiled into one pass."""


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Replace the model's weights by their running averages in the block, if its optimizer tracks them.

    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 1992.
    """
    if not model.optimizer.use_ema:
        yield
        return
    weights = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        # On JAX the variable aliases the average, which predicting would free.
        variable.assign(keras.ops.copy(variable))
    try:
        yield
    finally:  # restores the exact bits, unlike Keras's SwapEMAWeights
        for variable, value in zip(model.trainable_variables, weights, strict=True):
            variable.assign(value)
