"""One stage: build, freeze, fit, evaluate, publish."""

from contextlib import closing
from dataclasses import asdict, replace

import keras
import numpy as np

from core import atomic, config
from core.config import Stage, TrainingSettings
from core.evaluation import Predictions, evaluate, fit_temperature, frozen_points
from core.network import FeatureStore, freeze, save, set_arrays
from core.runs import Run, kept_activations, stage_steps
from core.training import trainee as trainees
from core.training.batches import prefetched, training_stream
from core.training.callbacks import History, KeepBest, RefuseNonsense
from core.training.data import Films, RunData
from core.training.loop import fit, predict
from core.training.progress import Progress
from core.training.trainee import Trainee
from core.weights import ModelRecord, read_model


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
    trainee = _trainee(network, stage, data, settings, progress)
    _fit(trainee, network, stage, record, data, run, progress)

    progress.say(message=f"Stage {stage.number}: evaluating", images_per_second=None)
    set_arrays(network, read_model(run.weights_path(stage.number))[0])
    evaluation = _evaluate(trainee, stage, data, run)
    record = replace(record, evaluation=evaluation, **_calibration(stage, run))
    save(network, run.weights_path(stage.number), record)
    atomic.copy(run.weights_path(stage.number), run.model_folder() / stage.file)
    run.write_evaluation(stage.number, evaluation)  # last: with it the stage is finished


def _trainee(network, stage, data, settings, progress) -> Trainee:
    """On kept activations where layers are frozen and the disk has room."""
    if len(stage.trains) == len(config.BACKBONE_CONVOLUTIONS):
        return trainees.direct(network, data, settings)
    if not settings.keep_activations:
        return trainees.direct(network, data, settings)
    store = FeatureStore(kept_activations.folder())
    size = progress.plan.kept_bytes()
    if not store.has_room_for(size):
        progress.note(
            f"The disk has no room for {size / 2**30:.1f} GiB of kept activations: every epoch "
            "computes the frozen layers again, which is slower and gives the same result."
        )
        return trainees.direct(network, data, settings)
    return trainees.on_kept_activations(network, stage, data, settings, store, progress)


def _fit(trainee, network, stage, record, data, run, progress) -> None:
    settings = run.settings()
    validation = data.validation

    def validate() -> dict:
        found = predict(trainee.model, trainee.plain["validation"], len(validation))
        if not np.isfinite(found).all():
            return {"val_loss": float("nan"), "val_accuracy": 0.0}
        metrics = evaluate(validation.labels, found)
        return {"val_loss": metrics["loss"], "val_accuracy": metrics["accuracy"]}

    trainee.model.compile(
        optimizer=_optimizer(settings, stage),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    seed = [settings.seed, stage.number]
    stream = training_stream(trainee.train, data.training.labels, settings.batch_size, seed)
    with closing(prefetched(stream)) as batches:
        fit(
            trainee.model,
            batches,
            stage_steps(settings, stage.number, len(data.training)),
            settings.epochs,
            validate,
            [
                RefuseNonsense(),
                KeepBest(network, run.weights_path(stage.number), record),
                History(run, stage.number, settings.batch_size, progress),
                keras.callbacks.EarlyStopping("val_loss", patience=settings.early_stopping),
                keras.callbacks.ReduceLROnPlateau(
                    "val_loss", factor=settings.plateau_factor, patience=settings.plateau
                ),
            ],
        )


def _optimizer(settings: TrainingSettings, stage: Stage) -> keras.optimizers.Optimizer:
    rate = settings.learning_rate * settings.rate_factors[stage.number - 1]
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.nesterov)


def _calibration(stage: Stage, run: Run) -> dict:
    """Temperature and operating points, found on validation, as fields of the record."""
    validation = Predictions.of(stage.name, run.predictions(stage.number, "validation"))
    answers = validation.labels, validation.probabilities
    points = tuple(asdict(point) for point in frozen_points(*answers))
    return {"temperature": fit_temperature(*answers), "operating_points": points}


def _evaluate(trainee: Trainee, stage: Stage, data: RunData, run: Run) -> dict:
    """Metrics and predictions; test is read here, once, and chooses nothing."""
    evaluation = {}
    for role in ("validation", "test"):
        films: Films = getattr(data, role)
        if not len(films):
            continue
        probabilities = predict(trainee.model, trainee.plain[role], len(films))
        evaluation[role] = evaluate(films.labels, probabilities)
        run.write_predictions(stage.number, role, films.described().assign(probability=probabilities))
    return evaluation
