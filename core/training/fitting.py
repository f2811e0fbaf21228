"""Fitting a stage: compile, resume from the last checkpoint, train to the end, keep the best weights."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any, cast

import keras
import numpy as np

from core.config import Stage, TrainingSettings
from core.evaluation import evaluate
from core.network import use_winograd, weights_digest
from core.runs import FOLLOWED_NAMES, followed_positions, uses_winograd
from core.training.batches import prefetched, training_stream
from core.training.callbacks import History, KeepBest, StopOnDivergence
from core.training.checkpoint import Checkpoint
from core.training.loop import Position, fit, predict
from core.training.optimizer import averaged, optimizer
from core.training.progress import Stopped
from core.training.stage_training import StageTraining
from core.training.trainable_model import TrainableModel


def fit_stage(training: StageTraining, model: TrainableModel) -> None:
    """Train from the start, or from the last checkpoint, to the end; the best weights are saved.

    Raises:
        Stopped: the run was asked to stop; a checkpoint of the current step is saved.
        UserError: the disk is full, training diverged, or the starting weights have changed.
    """
    run, settings, data, number = training.run, training.settings, training.data, training.stage.number
    steps = training.steps
    compile_model(model.logits, settings, training.stage, steps)
    position = Position()
    history = History(run, number, settings.batch_size, training.progress)
    best = KeepBest(model.logits, training.network, training.weights_path, training.record)
    callbacks = [StopOnDivergence(), best, history, *_schedule(settings)]
    frozen = weights_digest(*(layer for layer in training.network.layers if not layer.trainable))
    checkpoint = Checkpoint(run.checkpoints, number, frozen, position, callbacks, best.save)
    checkpoint.restore(model.logits)
    run.truncate_history(number, position.epochs, len(position.logs))
    if checkpoint.ended:
        return
    _set_progress(training, position)
    stream = training_stream(
        model.training_input,
        data.training.labels,
        settings.batch_size,
        [settings.seed, number],
        first_step=position.steps(steps),
        mixup=settings.mixup,
    )
    with closing(prefetched(stream)) as batches:
        try:
            fit(
                model.logits,
                batches,
                steps,
                settings.epochs,
                partial(_validate, training, model),
                [*callbacks, checkpoint],
                position,
                _class_weight(data.training.labels) if settings.class_weights else None,
            )
        except Stopped:
            history.close()
            checkpoint.commit()
            raise


def compile_model(model: keras.Model, settings: TrainingSettings, stage: Stage, steps: int) -> None:
    """Compile a model that returns logits for a stage.

    The optimizer is built here: built within the first step, it would make TensorFlow trace the step twice.

    Args:
        model: from network input to logits.
        settings: of the run.
        stage: the stage to train.
        steps: per epoch.
    """
    if uses_winograd(settings, settings.epochs * steps * settings.batch_size):
        use_winograd(model)
    model.compile(
        optimizer=optimizer(settings, stage, steps),
        loss=loss(settings),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        # Keras infers text from its default.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",  # pyright: ignore[reportArgumentType]
    )
    model.optimizer.build(model.trainable_variables)


def loss(settings: TrainingSettings) -> Callable:
    """Cross-entropy of logits with smoothed labels, less the predictions' weighted entropy.

    Pereyra et al., "Regularizing neural networks by penalizing confident output distributions", 2017.
    """
    smoothing = settings.label_smoothing
    if not settings.entropy:
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

    def penalised(labels: Any, logits: Any) -> Any:
        cost: Any = keras.losses.categorical_crossentropy(
            labels, logits, from_logits=True, label_smoothing=smoothing
        )
        shares = cast(Any, keras.ops.softmax(logits))
        certainty: Any = keras.ops.sum(shares * keras.ops.log_softmax(logits), axis=-1)
        return cost + settings.entropy * certainty

    return penalised


def _schedule(settings: TrainingSettings) -> list[keras.callbacks.Callback]:
    """Early stopping, and the reduction of the learning rate on a plateau."""
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=settings.early_stopping)
    if settings.schedule != "plateau":
        return [stopping]
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=settings.plateau_factor, patience=settings.plateau
    )
    return [stopping, plateau]


def _set_progress(training: StageTraining, position: Position) -> None:
    """Set the run's progress to where the stage begins or resumes."""
    estimate, number = training.progress.estimate, training.stage.number
    done = position.steps(training.steps) / training.steps * estimate.epoch(number)
    training.progress.set_done(estimate.until(number) + done)


def _class_weight(labels: np.ndarray) -> dict[int, float]:
    """n / (classes * n of the class), as scikit-learn's `balanced`."""
    counts = np.bincount(labels)
    return {number: len(labels) / (len(counts) * int(count)) for number, count in enumerate(counts)}


def _validate(training: StageTraining, model: TrainableModel) -> dict[str, float]:
    """Loss, accuracy and confusion matrix on the selection set, and what the followed images get.

    Named like the history's columns.
    """
    images = training.data.selection
    with averaged(model.logits):
        probabilities = predict(
            model.probabilities, model.inputs["selection"], len(images), training.progress.check
        )
    if not np.isfinite(probabilities).all():
        return {"val_loss": float("nan"), "val_accuracy": 0.0}
    metrics = evaluate(images.labels, probabilities)
    (tn, fp), (fn, tp) = metrics["confusion_matrix"]
    followed = probabilities[followed_positions(images.labels, training.settings.seed)]
    return {
        "val_loss": metrics["loss"],
        "val_accuracy": metrics["accuracy"],
        "val_tn": tn,
        "val_fp": fp,
        "val_fn": fn,
        "val_tp": tp,
        **dict(zip(FOLLOWED_NAMES, followed.tolist(), strict=False)),  # a small set has fewer images
    }
