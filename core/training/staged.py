"""A stage of a run, with the data and the weights that it starts from."""

import platform
from datetime import UTC, datetime
from pathlib import Path

import keras

from core import processor
from core.backbones import OTHERS, VGG19
from core.config import STAGES, TrainingSettings
from core.dataset import Dataset, assign_roles, baseline, described, open_dataset
from core.errors import UserError
from core.network import build, restore, set_arrays, start_other, starting_weights
from core.runs import Plan, Run
from core.training.data import Films, RunData
from core.training.ending import peak_memory
from core.training.progress import Progress, check_stop
from core.training.stage import train_stage
from core.weights import ModelRecord

BASELINES = ("corners", "frame", "histogram")


def train_next_stage(run: Run) -> None:
    """Train the first stage of the run's settings that has no evaluation yet.

    TensorFlow does not give back the memory of a model that is gone (half a gigabyte a stage), so
    the caller goes on with the next stage in a fresh interpreter.

    Raises:
        Stopped: somebody asked for it; everything up to the last step is kept.
        UserError: data, weights or disk do not allow it.
    """
    settings, number = run.settings(), run.stages_left()[0]
    keras.utils.set_random_seed(settings.seed)
    run.write_state(message="Reading the data set")
    dataset = open_dataset(settings.data, _say_decoding(run))
    data = RunData.select(dataset, settings)
    plan = Plan(settings, len(data.training), len(data.validation), len(data.test))
    facts = _facts(dataset, data, settings)
    _check_same(run.facts(), facts, dataset)
    run.write_facts(facts)
    progress = Progress(run, plan)
    precision = processor.resolved(settings.precision)
    network = build(settings.seed, precision=precision, backbone=settings.backbone)
    origin = _start(network, run, settings, number, data.validation)
    record = ModelRecord(
        stage=number,
        run=run.name,
        data=dataset.root.name,
        synthetic=dataset.synthetic,
        starting_weights=origin,
        preset=settings.preset,
        precision=precision,
        preprocessing=settings.preprocessing,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if number == settings.stages[0]:
        _keep_baselines(run, data)
    train_stage(settings.stage(number), network, record, data, run, progress)
    progress.reach(plan.until(number) + plan.stage(number))
    progress.say(peak_memory=peak_memory(run))


def _start(network: keras.Model, run: Run, settings: TrainingSettings, number: int, validation: Films) -> str:
    """Give the network the weights that a stage starts from; returns what stage 1 started from."""
    earlier = settings.stage(number).starts_from
    if earlier is None:
        run.write_state(message="Loading the starting weights")
        return _load_starting_weights(network, run, settings)
    if earlier in settings.stages:
        return restore(network, run.weights_path(earlier)).starting_weights
    path = run.model_folder() / settings.stage(earlier).file
    if not path.exists():
        raise UserError(
            f"Stage {number} starts from {STAGES[earlier].name}, and there is no {path}. "
            f"Train stage {earlier} first, or both in one run."
        )
    record = restore(network, path)
    if remark := _seen_before(Run(run.path.parent / record.run), validation):
        origin = record.run or "an unknown run"
        run.add_remark(f"Stage {number} starts from stage {earlier} of {origin}, which {remark}")
    return record.starting_weights


def _seen_before(earlier: Run, validation: Films) -> str:
    """What to say of an earlier run that may have trained on these validation films; else nothing."""
    flatter = "validation may look better than it is"
    if earlier.facts().get("fingerprint") != validation.dataset.fingerprint:
        return f"was trained on films that are not known here: where they are those of validation, {flatter}."
    settings = earlier.settings()
    roles = assign_roles(validation.dataset.table, settings.validation_fraction, settings.seed)
    seen = int((roles[validation.rows] == "training").sum())
    if not seen:
        return ""
    return (
        f"held other patients back and may have trained on those of {seen} of these {len(validation)} "
        f"validation films: {flatter}. Give both runs one seed and one share of validation, or train both "
        "stages in one run."
    )


def _load_starting_weights(network: keras.Model, run: Run, settings: TrainingSettings) -> str:
    if settings.backbone == VGG19:
        set_arrays(network, starting_weights(settings.weights))
        return Path(settings.weights).name
    backbone = OTHERS[settings.backbone]
    origin = start_other(network, backbone, settings.weights)
    if origin.startswith("random"):
        run.add_remark(f"{backbone.title} starts from {origin} weights.")
    return origin


def _say_decoding(run: Run):
    def say(done: int, total: int) -> None:
        check_stop(run)
        run.write_state(message=f"Decoding images: {done:,} of {total:,}")

    return say


def _facts(dataset: Dataset, data: RunData, settings: TrainingSettings) -> dict:
    return {
        "data": dataset.root.name,
        "synthetic": dataset.synthetic,
        "fingerprint": dataset.fingerprint,
        "films": data.training.digest(),
        "training": len(data.training),
        "validation": len(data.validation),
        "test": len(data.test),
        "precision": processor.resolved(settings.precision),
        "bfloat16": processor.bfloat16_unit(),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _keep_baselines(run: Run, data: RunData) -> None:
    """Predictions without lungs, learnt from the same films, to stand beside the models."""
    run.write_state(message="Measuring what can be told without lungs")
    dataset = data.training.dataset
    rows_of = {"validation": data.validation.rows, "test": data.test.rows}
    tables = {role: described(dataset, rows) for role, rows in rows_of.items() if len(rows)}
    for view in BASELINES:
        found = baseline(view, dataset, data.training.rows)
        if found is None:
            return
        for role, table in tables.items():
            run.write_baseline(view, role, table.assign(probability=found[rows_of[role]]))


def _check_same(before: dict, now: dict, dataset: Dataset) -> None:
    """Refuse to go on with other films than a run began with."""
    if any(before.get(name, now[name]) != now[name] for name in ("fingerprint", "films")):
        raise UserError(
            f"The data set {dataset.root} or the cohort has changed since this run began, so it cannot go "
            "on. Start a new run."
        )
