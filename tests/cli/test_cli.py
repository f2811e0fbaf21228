import json
import subprocess
import sys
from pathlib import Path

import pytest
from short_runs import assert_same_metrics

PROJECT = Path(__file__).resolve().parents[2]


def core(*arguments, timeout=120):
    """Run `python -m core ...` as a user would."""
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=timeout)


def test_help_stands_everywhere():
    assert "index" in core("--help").stdout
    for command in ("index", "demo", "train", "features", "evaluate", "compare", "predict"):
        result = core(command, "--help")
        assert result.returncode == 0 and "Usage" in result.stdout


def test_index_counts_for_machines(demo):
    result = core("index", demo, "--json")
    assert json.loads(result.stdout) == {
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
    found, kept = json.loads(result.stdout), trained.evaluation()["2"]["test"]
    assert set(found) >= {
        *("accuracy", "precision", "recall", "specificity", "f1", "auc", "loss"),
        *("confusion_matrix", "n"),
    }
    assert_same_metrics(found, kept, rel=1e-3)


def test_predict_answers_each_file_and_survives_a_bad_one(trained, demo, tmp_path):
    bad = tmp_path / "bad.jpeg"
    bad.write_bytes(b"x")
    good = sorted((demo / "test/NORMAL").iterdir())[:2]
    model = trained.weights_path(1)
    result = core("predict", good[0], bad, good[1], "--model", model, "--json")
    assert result.returncode == 1
    first, middle, last = json.loads(result.stdout)
    assert set(first) == set(last) == {"file", "label", "probability"}
    assert set(middle) == {"file", "error"} and "bad.jpeg" in middle["error"]
    kept = trained.predictions(1, "test").set_index("path")["probability"]
    assert first["probability"] == pytest.approx(kept[f"test/NORMAL/{good[0].name}"], abs=1e-4)
    assert core("predict", *good, "--model", model).returncode == 0


def test_train_runs_to_its_end_and_says_how_it_went(demo, tmp_path):
    places = ("--runs", tmp_path / "runs", "--model-dir", tmp_path / "models")
    tiny = ("--preset", "quick", "--stage", 1, "--weights", "none", "--epochs", 1, "--steps", 1)
    result = core("train", "--data", demo, *tiny, *places, "--run", "one", "--json")
    answer = json.loads(result.stdout)
    assert result.returncode == 0 and answer["state"] == "finished"
    assert answer["evaluation"]["model_01"]["test"]["n"] == 15
    assert (tmp_path / "models/vgg19_model_01.h5").exists()


def test_compare_gives_intervals_and_says_whether_models_differ(trained):
    result = core("compare", "trained", "--json")
    found = json.loads(result.stdout)
    assert list(found["models"]) == ["trained/model_01", "trained/model_02", "trained/model_03"]
    for stage, values in zip("123", found["models"].values(), strict=True):
        assert values["accuracy"] == pytest.approx(trained.evaluation()[stage]["test"]["accuracy"])
        low, high = values["intervals"]["accuracy"]
        assert low <= values["accuracy"] <= high
    assert len(found["differences"]) == 3 * 4
    assert all(item["sentence"] for item in found["differences"])
    for point in ("half", "youden", "sensitivity"):
        assert core("compare", "trained", "--point", point).stdout.count("ROC AUC") == 3


def test_kept_activations_are_shown_and_cleared(trained):
    kept = json.loads(core("features", "--json").stdout)
    assert kept["bytes"] > 0
    cleared = json.loads(core("features", "--clear", "--json").stdout)
    assert cleared["freed"] == kept["bytes"] and cleared["bytes"] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["index", "/nowhere"], "does not exist"),
        (["index"], "Missing argument"),
        (["fly"], "No such command"),
        (["compare", "nothing"], "no run 'nothing'"),
        (["train", "--data", "/nowhere", "--preset", "fast"], "'fast' is not one of"),
        (["predict", "x.png", "--model", "/nowhere.h5"], "no weights file"),
        (["demo", "/"], "not an empty folder"),
        (["train", "--data", "/nowhere"], "The folder /nowhere does not exist"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, reason):
    result = core(*arguments)
    assert result.returncode == 2
    assert reason in result.stderr and result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_setting_out_of_range_is_refused_before_a_run_is_made(demo, tmp_path):
    result = core("train", "--data", demo, "--epochs", 0, "--runs", tmp_path / "runs")
    assert result.returncode == 2 and "epochs is 0" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_the_terminal_answers_without_tensorflow(trained, demo):
    film = next((demo / "test/NORMAL").iterdir())
    code = "import sys; from core.cli.main import main; main(sys.argv[1:]); "
    code += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    arguments = ["predict", str(film), "--model", str(trained.weights_path(1))]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=PROJECT, check=True)
