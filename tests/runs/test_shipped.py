import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.dataset import open_dataset
from core.diagnosis import available_models, companions, load_predictor, reference_of
from core.errors import UserError
from core.runs import create_run, open_run, pack, shipped_runs

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shipped(trained, tmp_path, monkeypatch):
    """The run as it would come with the project, on a computer where nothing was ever trained."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_SHIPPED", str(tmp_path / "shipped"))
    packed = pack(trained, 3)
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "own"))
    return packed


def test_a_packed_run_holds_what_comparing_needs_and_no_path_of_this_computer(shipped, trained, demo):
    assert [run.path for run in shipped_runs()] == [shipped.path] == [open_run("trained").path]
    assert shipped.evaluation() == trained.evaluation() and shipped.epochs().equals(trained.epochs())
    for stage in (1, 2, 3):
        found, expected = (run.predictions(stage, "test") for run in (shipped, trained))
        assert found.equals(expected)
    for path in shipped.path.rglob("*.*"):
        assert str(demo.parent).encode() not in path.read_bytes(), path
    assert list(shipped.path.parent.iterdir()) == [shipped.path]  # nothing half made beside it


def test_it_answers_where_nothing_was_trained_and_the_answers_hardly_differ(shipped, trained, demo):
    (model,) = available_models()
    assert model.shipped and "came with the studio" in model.title and companions(model) == [model]
    assert reference_of(model.record) is not None
    pixels = open_dataset(demo).pixels[:32]
    whole = load_predictor(trained.weights_path(3)).probabilities(pixels)
    packed = load_predictor(model.path).probabilities(pixels)
    assert abs(whole - packed).max() < 0.02


def test_the_comparison_page_shows_its_three_stages(shipped):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/comparison.py").run()
    assert not app.exception and not app.error
    stages = [f"Stage {stage} · trained" for stage in (1, 2, 3)]
    assert app.multiselect[0].options == app.multiselect[0].value == stages


def test_predict_needs_no_model_named(shipped, demo):
    film = next((demo / "test/PNEUMONIA").iterdir())
    command = [sys.executable, "-m", "core", "predict", str(film), "--anyway"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0 and film.name in done.stdout, done.stderr


def test_own_weights_answer_before_those_that_came(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_SHIPPED", str(tmp_path / "shipped"))
    pack(trained, 3)
    models = available_models()
    assert [model.stage.number for model in models] == [1, 2, 3]
    assert not any(model.shipped for model in models) and companions(models[0]) == models


def test_what_is_not_finished_is_not_packed(tmp_path, trained):
    run = create_run(trained.settings(), "waiting", tmp_path / "runs", tmp_path / "models")
    with pytest.raises(UserError, match="no finished stage 3"):
        pack(run, 3, tmp_path / "shipped")
