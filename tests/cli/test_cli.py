import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click
import h5py
import numpy as np
import pytest
from bundled_run import BUNDLED_WEIGHTS
from PIL import Image
from short_runs import NARROW, NEAR, NEARLY, assert_same_metrics, wait_for, wait_until

from core.cli.main import MODULES, commands, main
from core.dataset import write_synthetic_dataset
from core.inference import Reference
from core.runs import jobs, list_runs, open_run
from core.weights import ModelRecord, read_model, read_record, write_model

PROJECT = Path(__file__).resolve().parents[2]
TINY = ("--preset", "quick", "--stage", 1, "--weights", "none", "--steps", 1)
TINY += ("--set", "optimizer=sgd", "--set", "train_limit=8", "--set", "validation_limit=8")
TINY += ("--set", f"width={NARROW.width}")


def core(*arguments):
    """Run `core ...` in this process, which has imported what commands need."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())


def core_process(*arguments):
    """Run `python -m core ...` as a user would."""
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


@pytest.mark.slow
def test_help_stands_everywhere(capsys):
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    assert "index" in overview and "..." not in overview.replace("[ARGS]...", "")  # no sentence is cut off
    context = click.Context(commands)
    for name in MODULES:
        assert main([name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out
        sentence = commands.get_command(context, name).get_short_help_str(limit=100)
        assert re.search(rf"^  {name} +{re.escape(sentence)}$", overview, re.MULTILINE)


def test_the_list_of_commands_imports_no_library_of_theirs():
    code = "import sys; from core.cli.main import main; assert main(['--help']) == 0; "
    code += "assert not {'numpy', 'pandas', 'pydicom', 'openvino'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_index_counts_for_machines(demo):
    result = core_process("index", demo, "--json")
    assert result.returncode == 0 and json.loads(result.stdout) == {
        "splits": {
            "train": {"NORMAL": 18, "PNEUMONIA": 27},
            "test": {"NORMAL": 6, "PNEUMONIA": 9},
        },
        "problems": [],
        "synthetic": True,
    }


def test_index_names_every_problem(tmp_path):
    assert core("demo", tmp_path / "set", "--images", 20).returncode == 0
    (tmp_path / "set/train/NORMAL/bad.jpeg").write_bytes(b"")
    problems = json.loads(core("index", tmp_path / "set", "--json").stdout)["problems"]
    assert [item["path"] for item in problems] == ["train/NORMAL/bad.jpeg"]


def test_evaluate_gives_the_numbers_that_training_kept(trained, demo):
    result = core("evaluate", "--model", trained.weights_path(2), "--data", demo, "--json")
    found, kept = json.loads(result.stdout), trained.results.evaluation()["2"]["test"]
    assert set(found) >= {
        *("accuracy", "precision", "recall", "specificity", "f1", "auc", "loss"),
        *("confusion_matrix", "n"),
    }
    assert_same_metrics(found, kept, rel=NEARLY)


def test_predict_answers_each_file_and_survives_a_bad_one(trained, demo, tmp_path):
    bad = tmp_path / "bad.jpeg"
    bad.write_bytes(b"x")
    good = sorted((demo / "test/NORMAL").iterdir())[:2]
    model = trained.weights_path(1)
    model = (model, "--anyway")  # six validation images give a threshold that some test images miss
    result = core("predict", good[0], bad, good[1], "--model", *model, "--json")
    assert result.returncode == 1
    first, middle, last = json.loads(result.stdout)
    assert set(first) == set(last) >= {"file", "label", "probability", "calibrated", "facts", "warnings"}
    assert set(middle) == {"file", "error"} and "bad.jpeg" in middle["error"]
    kept = trained.results.predictions(1, "test").set_index("path")["probability"]
    assert first["probability"] == pytest.approx(kept[f"test/NORMAL/{good[0].name}"], abs=NEAR)
    assert core("predict", *good, "--model", *model).returncode == 0
    [sure] = json.loads(
        core("predict", good[0], "--model", *model, "--opinions", "--heatmap", "--json").stdout
    )
    assert set(sure["stages"]) == {"1", "2", "3"} and sure["stages"]["1"]["label"] == sure["label"]
    assert sure["lowest"] <= sure["calibrated"] <= sure["highest"] and sure["heatmap"].startswith("iVBOR")


def test_what_is_no_image_gets_no_answer_from_the_terminal(trained, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    result = core_process("predict", tmp_path / "noise.png", "--model", trained.weights_path(1))
    assert result.returncode == 1
    assert result.stdout.strip().startswith("no result") and "Outside the range" in result.stdout


def test_the_reference_of_an_older_run_is_made_anew(trained):
    path = trained.reference_path(2)
    before = Reference.load(path)
    path.unlink()
    assert core("reference", "trained").returncode == 0
    again = vars(Reference.load(path))
    for name, first in vars(before).items():
        if np.issubdtype(np.asarray(first).dtype, np.number):
            assert np.shape(again[name]) == np.shape(first)
            off = np.abs(again[name] - first).max() / np.abs(first).max()
            assert off <= 1e-3  # half precision's last digit
        else:
            assert np.array_equal(again[name], first)
    assert core("reference", "nothing").returncode == 2


@pytest.mark.slow
def test_train_runs_to_its_end_and_says_how_it_went(demo, tmp_path):
    places = ("--runs", tmp_path / "runs", "--model-dir", tmp_path / "models")
    result = core("train", "--data", demo, *TINY, "--epochs", 1, *places, "--run", "one", "--json")
    answer = json.loads(result.stdout)
    assert result.returncode == 0 and answer["state"] == "finished"
    assert answer["evaluation"]["model_01"]["test"]["n"] == 15
    assert (tmp_path / "models/vgg19_model_01.h5").exists()


def test_compare_gives_intervals_and_says_whether_models_differ(trained, capsys):
    result = core("compare", "trained", "--json")
    found = json.loads(result.stdout)
    assert list(found["models"]) == ["Stage 1 · trained", "Stage 2 · trained", "Stage 3 · trained"]
    for stage, values in zip("123", found["models"].values(), strict=True):
        assert values["accuracy"] == pytest.approx(trained.results.evaluation()[stage]["test"]["accuracy"])
        low, high = values["intervals"]["accuracy"]
        assert low <= values["accuracy"] <= high
    assert len(found["differences"]) == 3 * 4
    assert all(item["sentence"] for item in found["differences"])
    for point in ("half", "youden", "sensitivity"):
        assert main(["compare", "trained", "--point", point]) == 0
        assert capsys.readouterr().out.count("\n  ROC AUC ") == 3


def test_kept_activations_are_shown_and_cleared(trained):
    kept = json.loads(core("cache", "--json").stdout)
    assert kept["bytes"] > 0
    cleared = json.loads(core("cache", "--clear", "--json").stdout)
    others = sum(kept[name]["bytes"] - cleared[name]["bytes"] for name in ("readings", "networks"))
    assert cleared["bytes"] == 0 and cleared["freed"] == kept["bytes"] + others


@pytest.fixture
def stopped_in_the_end(tmp_path):
    """A folder for runs; what still trains there when the test ends is stopped, and so its command ends."""
    yield tmp_path / "runs"
    for run in list_runs(tmp_path / "runs"):
        jobs.stop(run)


@pytest.mark.slow
def test_a_run_is_listed_stopped_and_resumed_from_the_terminal(demo, tmp_path, stopped_in_the_end):
    runs = ("--runs", stopped_in_the_end)
    long = (*TINY, "--epochs", 500, "--set", "early_stopping=900", "--model-dir", tmp_path / "models", *runs)
    command = [sys.executable, "-m", "core", "train", "--data", demo, *long, "--run"]
    first, second = (
        subprocess.Popen([*map(str, command), name], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for name in ("first", "second")
    )
    wait_until(lambda: any(run.status().epoch >= 2 for run in list_runs(tmp_path / "runs")))
    wait_until(lambda: any(run.status().state == "queued" for run in list_runs(tmp_path / "runs")))
    (run,) = (item for item in json.loads(core("runs", "--json", *runs).stdout) if item["state"] == "running")
    assert run["stage"] == 1 and run["epoch"] >= 2 and run["reason"] == ""
    (other,) = {"first", "second"} - {run["name"]}
    assert json.loads(core("queue", "--json", *runs).stdout) == [other]
    assert "Not started" in core("stop", other, *runs).stdout
    assert json.loads(core("stop", run["name"], "--json", *runs).stdout)["stopping"]
    wait_for(open_run(run["name"], tmp_path / "runs"))
    assert (first.wait(180), second.wait(180)) == (1, 1)
    stopped = {item["name"]: item for item in json.loads(core("runs", "--json", *runs).stdout)}
    assert stopped[run["name"]]["state"] == "stopped" and "on request" in stopped[run["name"]]["reason"]

    settings = tmp_path / "runs" / run["name"] / "settings.json"
    content = json.loads(settings.read_text())
    content["training"]["epochs"] = 1 + len(open_run(run["name"], tmp_path / "runs").epochs())
    settings.write_text(json.dumps(content))
    result = core("train", "--resume", run["name"], "--json", *runs)
    assert json.loads(result.stdout)["state"] == "finished"
    assert core("train", "--resume", run["name"], *runs).returncode == 2


def test_weights_are_imported_and_measured_as_when_they_were_trained(trained, demo, tmp_path):
    runs = ("--runs", tmp_path / "runs")
    file = trained.weights_path(2)
    found = json.loads(core("import-weights", file, "--data", demo, "--stage", 2, "--json", *runs).stdout)
    assert found["scaling"] == "imagenet" and found["run"] == "vgg19_model_02"
    assert_same_metrics(
        found["evaluation"]["2"]["test"], trained.results.evaluation()["2"]["test"], rel=NEARLY
    )
    assert "Stage 2 · vgg19_model_02 on test: 15 images" in core("compare", "vgg19_model_02", *runs).stdout


def test_a_packed_model_answers_by_the_point_that_validation_gave(trained, tmp_path):
    packed = json.loads(
        core("pack", trained.name, "--point", "sensitivity", "--to", tmp_path, "--json").stdout
    )
    record = read_record(tmp_path / trained.name / "weights" / "vgg_unfrozen.h5")
    validation = trained.results.predictions(3, "validation")
    positive = validation["label"] == "PNEUMONIA"
    assert (validation.loc[positive, "probability"] >= record.threshold).mean() >= 0.95
    assert record.threshold_rule == "sensitivity of at least 95% on validation"
    assert packed["weights"] < trained.weights_path(3).stat().st_size
    assert set(packed["changes"]) == {"validation", "test"}


@pytest.mark.slow
def test_what_weights_were_trained_on_is_declared_or_recognised_by_the_images(tmp_path):
    demo = write_synthetic_dataset(tmp_path / "set", images=24)  # few: the network has its full width
    arrays, _ = read_model(BUNDLED_WEIGHTS)
    write_model(tmp_path / "plain.h5", arrays, ModelRecord())
    with h5py.File(tmp_path / "plain.h5", "r+") as file:
        del file.attrs["pneumonia_studio"]
    refused = core("import-weights", tmp_path / "plain.h5", "--runs", tmp_path / "runs")
    assert refused.returncode == 2 and "Give --scaling imagenet or unit, or --data" in refused.stderr
    told = imported(tmp_path, demo, "--run", "told")
    (other,) = {"imagenet", "unit"} - {told["scaling"]}
    given = imported(tmp_path, demo, "--run", "given", "--scaling", other)
    assert given["scaling"] == other
    assert validation_loss(told) < validation_loss(given)


def imported(folder, data, *options) -> dict:
    """What `import-weights` prints of `plain.h5`, evaluated on a data set."""
    arguments = ("import-weights", folder / "plain.h5", "--data", data, "--runs", folder / "runs", "--json")
    return json.loads(core(*arguments, *options).stdout)


def validation_loss(imported: dict) -> float:
    return imported["evaluation"]["3"]["validation"]["loss"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["train"], "Missing option '--data'"),
        (["train", "--resume", "nothing"], "no run 'nothing'"),
        (["stop", "nothing"], "no run 'nothing'"),
        (["import-weights", "/nowhere.h5"], "The weights file /nowhere.h5 does not exist"),
        (["index", "/nowhere"], "does not exist"),
        (["index"], "Missing argument"),
        (["fly"], "No such command"),
        (["compare", "nothing"], "no run 'nothing'"),
        (["train", "--data", "/nowhere", "--preset", "fast"], "'fast' is not one of"),
        (["predict", "x.png", "--model", "/nowhere.h5"], "The weights file /nowhere.h5 does not exist"),
        (["demo", "/"], "not an empty folder"),
        (["train", "--data", "/nowhere"], "The folder /nowhere does not exist"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, reason, capsys):
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert reason in output.err and output.err.count("\n") == 1
    assert output.out == ""


def test_a_setting_out_of_range_is_refused_before_a_run_is_made(demo, tmp_path):
    result = core_process("train", "--data", demo, "--epochs", 0, "--runs", tmp_path / "runs")
    assert result.returncode == 2 and "epochs is 0" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_the_terminal_answers_without_tensorflow(trained, demo):
    image = next((demo / "test/NORMAL").iterdir())
    code = "import sys; from core.cli.main import main; main(sys.argv[1:]); "
    code += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    arguments = ["predict", str(image), "--model", str(trained.weights_path(1))]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=PROJECT, check=True)


def test_the_audit_gives_each_finding_with_count_and_examples(demo, tmp_path):
    result = core("audit", demo, "--json", "--report", tmp_path / "audit.md")
    found = json.loads(result.stdout)
    assert set(found) >= {
        *("byte_identical_groups", "near_identical_groups", "patients_in_several_splits", "unreadable"),
    }
    assert all({"count", "examples"} <= set(item) for item in found.values())
    assert (tmp_path / "audit.md").read_text().startswith("# Audit of")
