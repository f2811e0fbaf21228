"""One stage of training: load the data, build the network, freeze, fit, evaluate, save."""

import platform
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import keras

from core import atomic
from core.anatomy import lung_network
from core.config import LUNGS, REFRAMED, TrainingSettings, processor
from core.dataset import Dataset, describe_images, open_dataset
from core.errors import UserError
from core.evaluation import Predictions, evaluate, fit_temperature, frozen_points
from core.network import build, freeze, restore, save
from core.runs import Run, WorkEstimate, followed_positions
from core.sentence import Sentence, template
from core.training.baselines import write_baselines
from core.training.checkpoint import clear
from core.training.data import RunData
from core.training.fitting import fit_stage
from core.training.loop import predict
from core.training.progress import Progress, check_stop
from core.training.resources import peak_memory
from core.training.stage_training import StageTraining
from core.training.starting_point import load_starting_point
from core.training.trainable_model import TrainableModel, trainable_model
from core.weights import ModelRecord, WeightsError, read_record


def train_next_stage(run: Run) -> None:
    """Train the first stage of a run that has no evaluation yet.

    TensorFlow does not release the memory of a deleted model (half a gigabyte per stage), so the caller
    trains the next stage in another process.

    Raises:
        Stopped: the run was asked to stop; everything up to the last step is saved.
        UserError: data, weights or disk do not allow it, or training diverged.
    """
    training = prepare(run)
    if training.stage.number == training.settings.stages[0]:
        write_baselines(training)

    freeze(training.network, training.stage)
    model = trainable_model(training)
    fit_stage(training, model)

    restore(training.network, training.weights_path)  # the best epoch
    evaluation = evaluate_stage(training, model)
    save_stage(training, evaluation)


def prepare(run: Run) -> StageTraining:
    """Read the settings, load the data and build the network of the next stage."""
    settings, number = run.settings(), run.stages_left()[0]
    keras.utils.set_random_seed(settings.seed)
    dataset, data = load_data(run, settings)
    estimate = WorkEstimate(settings, len(data.training), len(data.validation), len(data.test))
    progress = Progress(run, estimate)
    precision = processor.resolved(settings.precision)
    network = build(settings.seed, precision=precision, backbone=settings.architecture)
    record = ModelRecord(
        stage=number,
        run=run.name,
        data=dataset.root.name,
        synthetic=dataset.synthetic,
        backbone=settings.backbone,
        width=settings.width,
        scaling=settings.architecture.scaling,
        starting_weights=load_starting_point(network, run, settings, number, data.validation),
        preset=settings.preset,
        precision=precision,
        preprocessing=settings.preprocessing,
        framing=settings.framing,
        lung_margin=settings.lung_margin,
        lung_network=lung_network() if settings.framing == LUNGS else "",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training_images=len(data.training),
    )
    return StageTraining(run, settings, settings.stage(number), data, network, record, progress)


def load_data(run: Run, settings: TrainingSettings) -> tuple[Dataset, RunData]:
    """Open the data set and select the images of each role.

    Raises:
        UserError: the data set cannot be read, or its images have changed since the run began.
    """

    def report(message: str) -> Callable[[int, int], None]:
        def say(done: int, total: int) -> None:
            check_stop(run)
            run.write_state(message=Sentence(message, done=done, total=total))

        return say

    run.write_state(message=Sentence("Reading the data set"))
    dataset = open_dataset(settings.data, report(template("Decoding images: {done:,} of {total:,}")))
    data = RunData.select(
        dataset, settings, report(template("Framing images by their lungs: {done:,} of {total:,}"))
    )
    earlier, facts = run.facts(), facts_of(dataset, data, settings)
    if any(earlier.get(name, facts[name]) != facts[name] for name in ("fingerprint", "films", "labels")):
        raise UserError(
            Sentence(
                "The data set {root}, its labels or the cohort have changed since this run began, so it "
                "cannot be resumed. Start a new run.",
                root=dataset.root,
            )
        )
    if earlier.get("lung_network", facts["lung_network"]) != facts["lung_network"]:
        raise UserError(
            Sentence(
                "The lung network has changed since this run began and would frame its images differently, "
                "so it cannot be resumed. Start a new run."
            )
        )
    run.write_facts(facts)
    return dataset, data


def facts_of(dataset: Dataset, data: RunData, settings: TrainingSettings) -> dict:
    """Data set, numbers of images and versions: the content of facts.json."""
    return {
        "data": dataset.root.name,
        "synthetic": dataset.synthetic,
        "fingerprint": dataset.fingerprint,
        "films": data.training.digest(),
        "labels": data.training.label_digest(),
        "training": len(data.training),
        "validation": len(data.validation),
        "test": len(data.test),
        "followed": _followed(data, settings),
        "lung_network": lung_network() if settings.framing == LUNGS else "",
        "precision": processor.resolved(settings.precision),
        "bfloat16": processor.bfloat16_unit(),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _followed(data: RunData, settings: TrainingSettings) -> list[dict[str, str]]:
    """Path and label of the followed images."""
    positions = followed_positions(data.validation.labels, settings.seed)
    images = data.validation.table.iloc[positions]
    return [
        {"path": path, "label": label} for path, label in zip(images["path"], images["label"], strict=True)
    ]


def evaluate_stage(training: StageTraining, model: TrainableModel) -> dict:
    """Evaluate the best weights and write their predictions; returns metrics by split.

    Test images are used here only, and nothing is chosen by them.
    """
    data, progress, number = training.data, training.progress, training.stage.number
    progress.write(message=Sentence("Stage {stage}: evaluating", stage=number), images_per_second=None)
    evaluation = {}
    for role, images in (("validation", data.validation), ("test", data.test)):
        if not len(images):
            continue
        probabilities = predict(model.probabilities, model.inputs[role], len(images), progress.check)
        evaluation[role] = evaluate(images.labels, probabilities)
        table = describe_images(images.dataset, images.rows).assign(probability=probabilities)
        training.run.results.write_predictions(number, role, table)
    if data.selection.crops:
        images = data.selection
        probabilities = predict(model.probabilities, model.inputs["selection"], len(images), progress.check)
        evaluation[REFRAMED] = evaluate(images.labels, probabilities)
    return evaluation


def save_stage(training: StageTraining, evaluation: dict) -> None:
    """Save the weights with their record, publish them, and mark the stage as finished."""
    run, stage, progress = training.run, training.stage, training.progress
    record = replace(training.record, evaluation=evaluation, **calibration(training))
    save(training.network, training.weights_path, record)
    if run.publishes() and stage.for_diagnosis:
        publish(training)
    run.results.write_evaluation(stage.number, evaluation)  # marks the stage as finished
    clear(run.checkpoints)
    estimate = progress.estimate
    progress.raise_to(estimate.until(stage.number) + estimate.stage(stage.number))
    progress.write(peak_memory=peak_memory(run))


def publish(training: StageTraining) -> None:
    """Copy the weights to the model folder; a narrow model, which is a trial, never replaces a wider one."""
    run, stage, width = training.run, training.stage, training.settings.width
    published = stage.path_in(run.model_folder())
    if (earlier := _width(published)) > width:
        run.add_status_note(
            Sentence(
                "Stage {number} has width {width:g} and was not published: {file} has width {earlier:g}. To "
                "publish it all the same, move that file away and train again.",
                number=stage.number,
                width=width,
                file=published.name,
                earlier=earlier,
            )
        )
        return
    atomic.copy(training.weights_path, run.model_folder() / stage.file)


def _width(path: Path) -> float:
    """Width of the model in a weights file; 0 without a readable one."""
    try:
        return read_record(path).width
    except WeightsError:
        return 0.0


def calibration(training: StageTraining) -> dict:
    """Temperature and operating points, fitted on validation, as fields of the record."""
    stage = training.stage
    table = training.run.results.predictions(stage.number, "validation")
    predictions = Predictions.of(stage.name, table)
    labels, probabilities = predictions.labels, predictions.probabilities
    points = tuple(asdict(point) for point in frozen_points(labels, probabilities))
    return {"temperature": fit_temperature(labels, probabilities), "operating_points": points}
