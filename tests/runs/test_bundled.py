import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.dataset import open_dataset
from core.errors import UserError
from core.inference import Reader, load_predictor, reference_of
from core.registry import answering_models
from core.runs import bundled_runs, create_run, open_run, pack

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bundled(trained, tmp_path, monkeypatch):
    """The run, bundled, on a computer where nothing was ever trained."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(tmp_path / "bundled"))
    packed = pack(trained, 3)
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "own"))
    return packed


def test_a_packed_run_holds_what_comparing_needs_and_no_path_of_this_computer(bundled, trained, demo):
    assert [run.path for run in bundled_runs()] == [bundled.path] == [open_run("trained").path]
    assert bundled.results.evaluation() == trained.results.evaluation() and bundled.epochs().equals(
        trained.epochs()
    )
    for stage in (1, 2, 3):
        packed, expected = (run.results.predictions(stage, "test") for run in (bundled, trained))
        assert packed.equals(expected)
    for path in bundled.path.rglob("*.*"):
        assert str(demo.parent).encode() not in path.read_bytes(), path
    assert list(bundled.path.parent.iterdir()) == [bundled.path]  # no partial copy beside it


def test_it_answers_where_nothing_was_trained_and_the_answers_hardly_differ(bundled, trained, demo):
    (model,) = answering_models()
    assert model.bundled and model.title == "Bundled model · stage 3" and not Reader(model.path).companions
    assert model.threshold_and_test_sentences().count("ecision threshold") == 1
    assert reference_of(model.record) is not None
    pixels = open_dataset(demo).pixels[:32]
    whole = load_predictor(trained.weights_path(3)).probabilities(pixels)
    packed = load_predictor(model.path).probabilities(pixels)
    assert abs(whole - packed).max() < 0.02


def test_the_comparison_page_shows_its_three_stages(bundled):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/comparison/page.py").run()
    assert not app.exception and not app.error
    stages = [f"Stage {stage}" for stage in (1, 2, 3)]  # all of one run
    assert app.multiselect[0].options == app.multiselect[0].value == stages


def test_predict_needs_no_model_named(bundled, demo):
    image = next((demo / "test/PNEUMONIA").iterdir())
    command = [sys.executable, "-m", "core", "predict", str(image), "--anyway"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0 and image.name in done.stdout, done.stderr


def test_own_weights_take_precedence_over_the_bundled_model(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(tmp_path / "bundled"))
    pack(trained, 3)
    models = answering_models()
    assert [model.stage.number for model in models] == [1, 2, 3]
    assert not any(model.bundled for model in models)
    assert list(Reader(models[0].path).companions) == [model.stage.number for model in models[1:]]


def test_what_is_not_finished_is_not_packed(tmp_path, trained):
    run = create_run(trained.settings(), "queued", tmp_path / "runs", tmp_path / "models")
    with pytest.raises(UserError, match="no finished stage 3"):
        pack(run, 3, tmp_path / "bundled")
