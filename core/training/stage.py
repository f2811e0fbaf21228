"""One stage: build, freeze, fit, evaluate, publish."""

from contextlib import closing
from dataclasses import asdict, replace
from functools import partial

import keras
import numpy as np

from core import atomic, config
from core.architecture import frozen_until_cut
from core.config import Stage, TrainingSettings
from core.dataset import described
from core.evaluation import Predictions, evaluate, fit_temperature, frozen_points
from core.network import FeatureStore, freeze, hasten, leaf_layers, restore, save, weights_digest
from core.runs import Run, is_hastened, kept_activations, stage_steps
from core.training import trainee as trainees
from core.training.batches import prefetched, training_stream
from core.training.callbacks import History, KeepBest, RefuseNonsense
from core.training.checkpoint import Checkpoint, clear
from core.training.data import Films, RunData
from core.training.loop import Position, fit, predict
from core.training.optimizer import averaged, optimizer
from core.training.progress import Progress, Stopped
from core.training.trainee import Trainee
from core.weights import ModelRecord


def train_stage(
    stage: Stage, network: keras.Model, record: ModelRecord, data: RunData, run: Run, progress: Progress
) -> None:
    """Train one stage, evaluate its best weights and publish them.

    Args:
        stage: which.
        network: the whole network, holding the weights to start from.
        record: provenance to keep inside the weights file.
        data: the films.
        run: the folder to report to.
        progress: of the run.

    Raises:
        Stopped: somebody asked for it; the best weights so far stay in the run's folder.
        UserError: the disk is full, or training went astray.
    """
    settings = run.settings()
    freeze(network, stage)
    progress.say(stage=stage.number, epoch=0, epochs=settings.epochs, step=0, steps=0)
    trainee = _trainee(network, stage, data, run, progress)
    _fit(trainee, network, stage, record, data, run, progress)

    progress.say(message=f"Stage {stage.number}: evaluating", images_per_second=None)
    restore(network, run.weights_path(stage.number))
    evaluation = _evaluate(trainee, stage, data, run, progress)
    record = replace(record, evaluation=evaluation, **_calibration(stage, run))
    save(network, run.weights_path(stage.number), record)
    if run.publishes() and stage in config.STAGES.values():  # diagnosis knows no other backbone's
        atomic.copy(run.weights_path(stage.number), run.model_folder() / stage.file)
    run.write_evaluation(stage.number, evaluation)  # with it the stage is finished
    clear(run.checkpoints)


def _trainee(network, stage, data, run, progress) -> Trainee:
    """On kept activations where the layers up to the cut are frozen and the disk has room."""
    settings = run.settings()
    if not (settings.keep_activations and frozen_until_cut(stage)):
        return trainees.direct(network, data)
    store = FeatureStore(kept_activations.folder())
    size = progress.plan.kept_bytes()
    if not store.has_room_for(size):
        run.add_remark(
            f"The disk has no room for {size / 2**30:.1f} GiB of kept activations: every epoch "
            "computes the frozen layers again, which is slower and gives the same result."
        )
        return trainees.direct(network, data)
    return trainees.on_kept_activations(network, stage, data, settings, store, progress)


def _fit(trainee, network, stage, record, data, run, progress) -> None:
    """Train from the start, or from the last checkpoint, to the end; the best weights are kept."""
    settings = run.settings()
    model = trainee.model
    steps = stage_steps(settings, stage.number, len(data.training))
    make_ready(model, settings, stage, steps)
    position = Position()
    history = History(run, stage.number, settings.batch_size, progress)
    best = KeepBest(model, network, run.weights_path(stage.number), record)
    judges = [
        RefuseNonsense(),
        best,
        history,
        keras.callbacks.EarlyStopping("val_loss", patience=settings.early_stopping),
    ]
    if settings.schedule == "plateau":
        judges.append(
            keras.callbacks.ReduceLROnPlateau(
                "val_loss", factor=settings.plateau_factor, patience=settings.plateau
            )
        )
    checkpoint = Checkpoint(
        run.checkpoints,
        stage.number,
        weights_digest(*(layer for layer in leaf_layers(network) if not layer.trainable)),
        position,
        judges,
        best.save,
    )
    checkpoint.restore(model)
    run.cut_history_back(stage.number, position.epochs, len(position.logs))
    if checkpoint.ended:
        return
    done = position.steps(steps) / steps * progress.plan.epoch(stage.number)
    progress.go_back(progress.plan.until(stage.number) + done)
    stream = training_stream(
        trainee.train,
        data.training.labels,
        settings.batch_size,
        [settings.seed, stage.number],
        first_step=position.steps(steps),
        mixup=settings.mixup,
    )
    with closing(prefetched(stream)) as batches:
        try:
            fit(
                model,
                batches,
                steps,
                settings.epochs,
                partial(_validate, trainee, data.judging, progress),
                [*judges, checkpoint],
                position,
                _class_weight(data.training.labels) if settings.class_weights else None,
            )
        except Stopped:
            history.close()
            checkpoint.commit()
            raise


def make_ready(model: keras.Model, settings: TrainingSettings, stage: Stage, steps: int) -> None:
    """Compile a model that gives logits for a stage.

    What is not built here is built within the first step, and then TensorFlow traces the step twice.

    Args:
        steps: an epoch has.
    """
    if is_hastened(settings, settings.epochs * steps * settings.batch_size):
        hasten(model)
    model.compile(
        optimizer=optimizer(settings, stage, steps),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    model.optimizer.build(model.trainable_variables)


def _class_weight(labels: np.ndarray) -> dict[int, float]:
    """n / (classes * n of the class), as scikit-learn's `balanced`."""
    counts = np.bincount(labels)
    return {number: len(labels) / (len(counts) * int(count)) for number, count in enumerate(counts)}


def _validate(trainee: Trainee, judging: Films, progress: Progress) -> dict:
    """Loss, accuracy and confusion matrix on validation, by the names of the history's columns."""
    with averaged(trainee.model):
        found = predict(trainee.answering, trainee.plain["judging"], len(judging), progress.check)
    if not np.isfinite(found).all():
        return {"val_loss": float("nan"), "val_accuracy": 0.0}
    metrics = evaluate(judging.labels, found)
    (negatives, false_positives), (false_negatives, positives) = metrics["confusion_matrix"]
    return {
        "val_loss": metrics["loss"],
        "val_accuracy": metrics["accuracy"],
        "val_tn": negatives,
        "val_fp": false_positives,
        "val_fn": false_negatives,
        "val_tp": positives,
    }


def _calibration(stage: Stage, run: Run) -> dict:
    """Temperature and operating points, found on validation, as fields of the record."""
    validation = Predictions.of(stage.name, run.predictions(stage.number, "validation"))
    answers = validation.labels, validation.probabilities
    points = tuple(asdict(point) for point in frozen_points(*answers))
    return {"temperature": fit_temperature(*answers), "operating_points": points}


def _evaluate(trainee: Trainee, stage: Stage, data: RunData, run: Run, progress: Progress) -> dict:
    """Metrics and predictions; test is read here, once, and chooses nothing."""
    evaluation = {}
    for role in ("validation", "test"):
        films: Films = getattr(data, role)
        if not len(films):
            continue
        probabilities = predict(trainee.answering, trainee.plain[role], len(films), progress.check)
        evaluation[role] = evaluate(films.labels, probabilities)
        run.write_predictions(
            stage.number, role, described(films.dataset, films.rows).assign(probability=probabilities)
        )
    if data.judging.frames:
        judged = predict(trainee.answering, trainee.plain["judging"], len(data.judging), progress.check)
        evaluation[config.REFRAMED] = evaluate(data.judging.labels, judged)
    return evaluation
