"""What 0.1.0 wrote and accepted still opens: files under tests/fixtures, made by it, and its command line."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import click
import h5py
import numpy as np
import pandas as pd
import pytest
from bundled_run import BUNDLED_RUN

from core.batch import open_batch
from core.cli.main import commands, main
from core.comparison import ModelComparison, evaluated_stages, image_map, occlusion_effects
from core.config import (
    WHOLE,
    Augmentation,
    Strategy,
    TrainingSettings,
    model_folder,
    old_names,
    preset,
)
from core.dataset import read_cohorts, read_exclusions, write_synthetic_dataset
from core.dicom_node import node_status
from core.evaluation import OperatingPoint
from core.inference import AuditLog, Reader, Reference, load_predictor, published_models, reference_of
from core.monitor import watch
from core.runs import create_run, list_runs, open_run, open_sweep, strategies
from core.training.sweep import run_sweep
from core.training.sweep_plan import read_plan
from core.weights import ModelRecord, read_record, write_record

FIXTURES = Path(__file__).parent / "fixtures"
OUTPUTS = json.loads((FIXTURES / "old_outputs.json").read_text())  # JSON by command line
SENTENCES = ("file", "heatmap", "note", "reason", "sentence", "trouble", "sha256")  # whose words may change
COMMANDS = (FIXTURES / "old_commands.txt").read_text().splitlines()
STAGES = {1: "model_01", 2: "model_02", 3: "model_03", 4: "last-block"}
DATA = Path("data/demo")
METRICS = ("n", "loss", "accuracy", "precision", "recall", "specificity", "f1", "auc", "confusion_matrix")


@pytest.fixture
def old_home(own_home) -> Path:
    """A home as 0.1.0 leaves it behind."""
    shutil.copytree(FIXTURES / "old_run", own_home / "runs" / "old_run")
    indexed = own_home / "data" / "indexed" / hashlib.sha256(str(DATA).encode()).hexdigest()[:16]
    files = {
        "old_sweep/rates.json": own_home / "runs" / ".sweeps" / "rates.json",
        "old_strategies.json": own_home / "data" / "strategies.json",
        "old_choices.json": indexed / "choices.json",
        "old_cohorts.json": indexed / "cohorts.json",
        "old_audit.sqlite": own_home / "audit.sqlite",
        "old_node.sqlite": own_home / "node" / "node.sqlite",
    }
    for name, target in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / name, target)
    shutil.copytree(FIXTURES / "old_archive", own_home / "archive")
    return own_home


@pytest.fixture
def run(old_home):
    return open_run("old_run")


def stored(name: str) -> dict:
    return json.loads((FIXTURES / name).read_text())


def test_an_old_run_tells_its_settings(run):
    settings = run.settings()
    assert (settings.data, settings.preset, settings.stages) == (str(DATA), "quick", (1, 2, 3, 4))
    assert (settings.backbone, settings.weights, settings.precision) == ("vgg19", "none", "float32")
    assert (settings.optimizer, settings.learning_rate, settings.rate_factors) == (
        "sgd",
        1e-5,
        (1.0, 0.1, 0.1),
    )
    assert (settings.momentum, settings.nesterov, settings.weight_decay) == (0.9, True, 0.001)
    assert (settings.schedule, settings.warmup, settings.label_smoothing) == ("plateau", 0.0, 0.05)
    assert (settings.mixup, settings.weight_average, settings.class_weights) == (0.1, 0.9, True)
    assert (settings.batch_size, settings.epochs, settings.steps) == (4, 2, (2, 2, 1))
    assert (settings.early_stopping, settings.plateau, settings.plateau_factor) == (3, 1, 0.4)
    assert (settings.validation_fraction, settings.validation_crop) == (0.1, 0.2)
    assert (settings.train_limit, settings.validation_limit, settings.cohort) == (40, 8, None)
    assert settings.without_copies and settings.without_test_patients
    assert (settings.preprocessing, settings.views, settings.cache_activations) == ("clahe", 2, True)
    assert settings.seed == 7
    assert settings.augmentation == Augmentation(
        horizontal_flip=True,
        vertical_flip=True,
        rotation=15.0,
        width_shift=0.05,
        height_shift=0.04,
        shear=2.0,
        crop=0.1,
        aspect=0.05,
        contrast=0.1,
        brightness=0.1,
        gamma=0.1,
    )
    convolutions = tuple(f"block5_conv{index}" for index in (1, 2, 3, 4))
    assert settings.strategy == Strategy("last-block", convolutions, 0.5, 2)
    assert run.model_folder() == Path("model_weights") and run.publishes()


def test_an_old_run_tells_how_it_ended(run):
    status = run.status()
    assert (status.state, status.done, status.can_resume) == ("finished", 1.0, False)
    assert (status.stage, status.epoch, status.epochs) == (4, 2, 2)
    state = stored("old_run/state.json")
    assert status.seconds == pytest.approx(state["ended"] - state["started"])
    assert status.peak_memory == state["peak_memory"] and status.notes == state.get("notes", [])
    assert run.facts() == stored("old_run/facts.json")
    assert run.note() == "A run of 0.1.0: all three stages and a strategy of its own."
    assert run.log_tail(1) == "Finished."
    assert run.process().pid == stored("old_run/process.json")["pid"]
    assert run.stages_left() == [] and [found.name for found in list_runs()] == ["old_run"]


def test_an_old_runs_history_and_metrics_read_as_they_were_written(run):
    for name, table in (("steps", run.steps()), ("epochs", run.epochs())):
        written = pd.read_csv(FIXTURES / "old_run" / f"{name}.csv")
        assert len(table) == {"steps": 14, "epochs": 8}[name]
        assert np.array_equal(table.to_numpy(float), written.to_numpy(float))
    evaluation, written = run.results.evaluation(), stored("old_run/evaluation.json")
    assert list(evaluation) == ["1", "2", "3", "4"]
    for stage, splits in written.items():
        for (_, metrics), (_, old) in zip(evaluation[stage].items(), splits.items(), strict=True):
            assert {name: metrics[name] for name in METRICS} == {name: old[name] for name in METRICS}
    assert run.best_epoch()["val_loss"] == run.epochs()["val_loss"].iloc[-1]


def test_an_old_runs_predictions_and_baselines_read_as_they_were_written(run):
    folder = FIXTURES / "old_run" / "predictions"
    for split, count in (("test", 15), ("validation", 6)):
        for stage, name in STAGES.items():
            written = pd.read_csv(folder / f"{name}-{split}.csv", keep_default_na=False)
            table = run.results.predictions(stage, split)
            assert len(table) == count
            for column in ("path", "label", "patient", "cause", "sha256", "probability"):
                assert list(table[column]) == list(written[column])
        baselines = run.results.baselines(split)
        assert list(baselines) == ["corners", "frame", "histogram"]
        for view, table in baselines.items():
            written = pd.read_csv(folder / f"no_lungs_{view}-{split}.csv")
            assert list(table["probability"]) == list(written["probability"])


def test_an_old_run_can_be_compared(run):
    comparison = ModelComparison.of(evaluated_stages([run]), "test", with_ensemble=True)
    names = [f"{stage} · old_run" for stage in ("Stage 1", "Stage 2", "Stage 3", "last-block")]
    assert [model.name for model in comparison.models[:-1]] == names
    assert list(comparison.histories()) == names and comparison.synthetic
    assert len(comparison.baselines) == 3 and all(len(item) == 15 for item in comparison.baselines)
    written = pd.read_csv(FIXTURES / "old_run" / "predictions" / "model_03-test.csv").sort_values("path")
    assert np.array_equal(comparison.models[2].probabilities, written["probability"])
    costs = occlusion_effects(comparison.at(dict.fromkeys(names, OperatingPoint("half", 0.5, "one half"))))
    hidden = pd.read_csv(FIXTURES / "old_run" / "predictions" / "second_look_model_01-test.csv")
    masks = set(hidden.rename(columns=old_names.MASKS).columns[2:])
    assert {item.model for item in costs} == set(names[:2])
    assert {item.mask for item in costs} == {"outer 15%", "corners"} == masks
    table, shares = image_map(comparison.stages[0], comparison.models[0], "test")
    assert len(table) == 15 and 0 < shares[1] <= shares[0] < 1


def test_what_an_old_run_kept_of_its_training_images_opens(run):
    reference = Reference.load(run.reference_path(3))
    record = read_record(run.weights_path(3))
    assert reference.created == record.created
    (nearest,) = reference.nearest(reference.hidden[2].astype(np.float32), count=1)
    assert nearest.sha256 == reference.sha256[2] and nearest.distance == pytest.approx(0, abs=1e-3)


def test_an_old_weights_file_tells_where_it_comes_from(run):
    """The file is cut down to its record."""
    record = read_record(run.weights_path(3))
    assert (record.stage, record.run, record.data, record.synthetic) == (3, "of-0.1.0", "demo", True)
    assert (record.starting_weights, record.scaling, record.preset) == ("none", "imagenet", "quick")
    assert (record.precision, record.preprocessing) == ("float32", "clahe")
    assert record.created.startswith("2026-")
    assert record.evaluation["test"]["auc"] == run.results.evaluation()["3"]["test"]["auc"]
    assert record.temperature > 0 and (record.threshold, record.threshold_rule[:5]) == (0.5, "fixed")
    assert len(record.operating_points) == 2
    assert all(set(point) == {"name", "threshold", "rule"} for point in record.operating_points)


def test_weights_files_of_another_backbone_open_under_their_old_names(old_home):
    """0.1.0 ended them in `.weights.h5`; `tests/network/test_backbones.py` reads such arrays."""
    run = create_run(TrainingSettings(backbone="resnet50", data=str(DATA)), "old_resnet")
    paths = [folder / "resnet50_model_03.weights.h5" for folder in (run.path / "weights", model_folder())]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        h5py.File(path, "w").close()
        write_record(path, ModelRecord(stage=3, run="old_resnet", backbone="resnet50"))
    assert run.weights_path(3) == paths[0]
    (model,) = published_models()
    assert (model.path, model.key) == (paths[1], "resnet50-3")
    assert Reader(paths[0]).stage == 3


def test_the_bundled_model_opens_with_all_that_it_says_of_itself(monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    run = BUNDLED_RUN
    assert run.settings().preset == "recommended" and run.status().state == "finished"
    record = read_record(run.weights_path(3))
    assert (record.stage, record.run, record.preset) == (3, BUNDLED_RUN.name, "recommended")
    assert record.evaluation["test"]["auc"] == run.results.evaluation()["3"]["test"]["auc"]
    points = {point["name"]: point["threshold"] for point in record.operating_points}
    assert points == pytest.approx({"sensitivity 95%": 0.81769, "Youden's J": 0.80668}, rel=1e-4)
    assert record.threshold == points["sensitivity 95%"]
    assert record.threshold_rule == "sensitivity of at least 95% on validation"
    assert (record.precision, record.preprocessing, record.scaling) == ("bfloat16", "none", "imagenet")
    assert (record.framing, record.lung_margin) == ("lungs", 0.06)
    assert record.temperature == pytest.approx(1.1199, rel=1e-4)
    assert reference_of(record).created == record.created
    assert load_predictor(run.weights_path(3)).record == record


@pytest.mark.parametrize("name", ["seed", "quick", "recommended"])
def test_an_old_presets_settings_are_those_of_the_preset(name):
    """Framing came later: `recommended` frames by the lungs now."""
    settings = TrainingSettings.from_json(stored(f"old_presets/{name}.json"))
    assert settings == preset(name).settings(data=str(DATA), framing=WHOLE)
    assert TrainingSettings.from_json(settings.to_json()) == settings


def test_old_names_of_settings_are_taken_from_the_terminal():
    values = stored("old_run/settings.json")["training"]
    changes = {name: json.dumps(value) for name, value in values.items() if not isinstance(value, dict)}
    for part in ("strategy", "augmentation"):
        changes |= {f"{part}.{name}": json.dumps(value) for name, value in values[part].items()}
    assert TrainingSettings().changed(changes) == TrainingSettings.from_json(values)


def test_old_strategies_choices_cohorts_and_sweeps_open(old_home):
    convolutions = tuple(f"block5_conv{index}" for index in (1, 2, 3, 4))
    expected = [Strategy("last-block", convolutions, 0.5, 2), Strategy("head_again", (), 0.1, None)]
    assert list(strategies.saved().values()) == expected
    assert asdict(read_exclusions(DATA)) == {"without_copies": True, "without_test_patients": False}
    ((name, digests),) = read_cohorts(DATA).items()
    assert name == "first five" and sorted(digests) == stored("old_cohorts.json")[name] and len(digests) == 5
    sweep = open_sweep("rates")
    assert sweep.total == 2 and sweep.is_ablation
    assert [trial.values["label_smoothing"] for trial in sweep.trials] == [0.0, 0.1]
    assert [trial.runs for trial in sweep.trials] == [("rates-000-s0",), ("rates-001-s0",)]


def test_an_old_sweep_goes_on(old_home, monkeypatch):
    """Both trials have finished, so nothing is left to train."""
    monkeypatch.chdir(old_home)
    data = write_synthetic_dataset(old_home / DATA, images=60)
    path = old_home / "runs" / ".sweeps" / "rates.json"
    record = json.loads(path.read_text())
    record["terms"]["base"]["data"] = str(data)
    del record["terms"]["base"]["validation_crop"]  # as if this setting were a later one
    path.write_text(json.dumps(record))
    for name in ("rates-000-s0", "rates-001-s0"):
        shutil.copytree(FIXTURES / "old_sweep" / name, old_home / "runs" / name)
    sweep = run_sweep(read_plan(FIXTURES / "old_sweep" / "rates.toml"), NoTrainer())
    assert [sweep.state(trial) for trial in sweep.trials] == ["finished", "finished"]
    assert list(sweep.table()["loss"]) == [1.35681, 1.3523] and sweep.best().number == 1


class NoTrainer:
    """Trains nothing."""

    parallel_trials = 1

    def start(self, run):
        raise AssertionError(f"{run.name} was trained before")

    def is_busy(self, run):
        raise AssertionError(f"{run.name} was trained before")


def test_an_old_audit_log_opens(old_home):
    log = AuditLog(old_home / "audit.sqlite")
    answers, notes = log.results(), log.human_readings()
    assert len(answers) == 3 and set(answers["run"]) == {"of-0.1.0"} and set(answers["stage"]) == {3}
    assert list(notes["agreement"]) == ["agree", "disagree"] and list(notes["own"]) == ["", "Looks normal"]
    assert list(notes["sha256"]) == list(answers["sha256"][:2])
    assert watch("", log).rows.results == 3  # of which warnings, grey levels and lungs are not known


def test_an_old_dicom_nodes_queue_opens(old_home):
    status = node_status(old_home / "node")
    assert (status.received, status.processed, status.delivered, status.failed) == (4, 2, 1, 1)
    assert status.reasons == {"No image.": 1} and status.delivery_error == "The archive did not answer."


def test_an_old_folder_of_answers_opens(old_home):
    job = open_batch(old_home / "archive")
    settings = job.settings()
    assert (settings.source, settings.anyway, settings.shard_size) == ("data/demo/test", False, 8)
    assert (job.image_count(), job.processed_count(), job.missing_shards()) == (15, 15, [])
    table = job.predictions().to_table().to_pandas()
    assert set(table["model"]) == {"of-0.1.0 stage 3"} and table["error"].isna().all()


@pytest.mark.parametrize("line", COMMANDS)
def test_the_terminal_takes_each_old_command_option_and_choice(line):
    """A line is COMMAND, COMMAND --option, COMMAND --option=choice or COMMAND <argument>."""
    name, _, rest = line.partition(" ")
    context = click.Context(commands, **commands.context_settings)
    command = commands.get_command(context, name)
    assert command is not None, f"there is no command {name}"
    if rest.startswith("<"):
        arguments = [item for item in command.params if isinstance(item, click.Argument)]
        assert [item.nargs == -1 for item in arguments] == [rest == "<arguments>"]
    elif rest:
        option, _, choice = rest.partition("=")
        option = f"--{context.token_normalize_func(option.removeprefix('--'))}"
        taken = [item for item in command.params if option in (*item.opts, *item.secondary_opts)]
        assert len(taken) == 1, f"{name} takes no {option}"
        if choice:
            taken[0].type.convert(choice, taken[0], context)


@pytest.mark.parametrize("line", OUTPUTS, ids=lambda line: line.split()[0])
def test_the_terminal_prints_each_old_key_of_its_json_with_the_old_value(line, old_home, monkeypatch, capsys):
    """On images that `write_synthetic_dataset` draws again; `predict` answers with another bundled model."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    monkeypatch.chdir(old_home)
    write_synthetic_dataset(old_home / "data" / "demo", images=60)
    capsys.readouterr()
    assert main(line.split()) in (0, None)
    assert_still_there(json.loads(capsys.readouterr().out), OUTPUTS[line], not line.startswith("predict"))


def assert_still_there(new: object, old: object, same_values: bool) -> None:
    """Each key of `old` is in `new`, and each value but sentences is the same, or of the same type."""
    if isinstance(old, dict):
        assert set(old) <= set(new)
        for key in set(old) - set(SENTENCES):
            assert_still_there(new[key], old[key], same_values)
    elif isinstance(old, list) and old and not isinstance(old[0], str):
        assert len(new) >= len(old)
        for new_item, old_item in zip(new, old, strict=False):
            assert_still_there(new_item, old_item, same_values)
    elif not same_values:
        assert isinstance(new, type(old)) or old is None or new is None  # no score of an image unlike others
    elif isinstance(old, float):
        assert new == pytest.approx(old, rel=1e-4, abs=1e-4)
    elif not isinstance(old, list):
        assert new == old_names.MASKS.get(old, old)
