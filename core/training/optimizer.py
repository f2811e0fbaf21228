"""How weights change: the optimizer, its rate, and the running average that is kept in their place."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from core.config import Stage, TrainingSettings


def optimizer(settings: TrainingSettings, stage: Stage, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a stage.

    Args:
        settings: of the run.
        stage: it is for.
        steps: an epoch has.
    """
    rate = settings.rate(stage.number)
    if settings.schedule == "cosine":
        rising = round(settings.warmup * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if rising else rate,
            max(settings.epochs * steps - rising, 1),
            warmup_target=rate if rising else None,
            warmup_steps=rising,
        )
    average = {}
    if settings.weight_average:
        average = {"use_ema": True, "ema_momentum": settings.weight_average}
    if settings.optimizer == "adam":
        return Adam(rate, **average)
    if settings.optimizer == "adamw":
        return AdamW(rate, settings.weight_decay, **average)
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.nesterov, **average)


class _InOnePass:
    """Compiles the whole update, decay and average included, into one pass over the weights.

    By itself TensorFlow goes through them once for each operation: AdamW and an average are some twenty.
    """

    def apply(self, grads, trainable_variables=None):
        if keras.backend.backend() != "tensorflow":  # the others compile all of a step
            super().apply(grads, trainable_variables)
            return
        import tensorflow as tf  # here, so that the others do without

        update = super().apply
        tf.function(lambda grads: update(grads, trainable_variables), jit_compile=True)(grads)


class Adam(_InOnePass, keras.optimizers.Adam):
    """Keras's Adam, in one pass."""


class AdamW(_InOnePass, keras.optimizers.AdamW):
    """Keras's AdamW, in one pass."""


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """The model with the averages of its weights in their place, where its optimizer keeps them.

    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 1992.
    """
    if not model.optimizer.use_ema:
        yield
        return
    own = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.copy(variable))  # on JAX it is the average, which a prediction would free
    try:
        yield
    finally:  # exact, where Keras's SwapEMAWeights adds and subtracts
        for variable, value in zip(model.trainable_variables, own, strict=True):
            variable.assign(value)
