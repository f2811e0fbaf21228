"""Page, terminal and report start at the same operating points: each model's own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from promotions import promote_unchecked
from streamlit.testing.v1 import AppTest

from core import config
from core.cli.main import main
from core.comparison import ENSEMBLE_NAME, EvaluatedStage, ModelComparison, evaluated_stages
from core.config import PROJECT
from core.evaluation import OperatingPoint, find_point
from core.registry import answering_models, change_operating_point
from core.runs import Run, all_runs, bundled_runs, list_runs, open_run
from core.weights import update_record
from tests.pages.opened_page import shown_table

OLD_RUN = Path(__file__).parents[1] / "fixtures" / "old_run"


@pytest.fixture
def bundled(own_home, monkeypatch) -> Run:
    """The bundled run: weights of stage 3 only, predictions of all stages."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
    (run,) = bundled_runs()
    return run


@pytest.mark.slow
def test_page_terminal_and_report_start_at_the_same_thresholds(bundled, tmp_path, monkeypatch, capsys):
    comparison = ModelComparison.of(evaluated_stages([bundled]), "test")
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300)
    app.run()
    app.switch_page("pages/comparison/page.py").run()
    page = "\n".join(caption.value for caption in app.caption)
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no browser"))  # drawing takes long
    words = ["compare", bundled.name, "--runs", str(bundled.path.parent), "--json"]
    capsys.readouterr()
    assert main([*words, "--report", str(tmp_path / "report")]) in (0, None)
    terminal = json.loads(capsys.readouterr().out)["models"]
    report = pd.read_csv(tmp_path / "report" / "metrics.csv").groupby("model")["threshold"].first()
    assert set(comparison.thresholds) == set(terminal) and len(terminal) == 3
    short = {name: name.partition(" · ")[0] for name in terminal}
    for name, threshold in comparison.thresholds.items():
        assert f"{short[name]}: {threshold:.3f}" in page
        assert terminal[name]["threshold"] == report[name] == pytest.approx(threshold, abs=1e-12)
    app.session_state["all-metrics"] = True  # open
    shown = shown_table(app.run())
    for name, metrics in terminal.items():
        assert shown.loc["Sensitivity", short[name]].startswith(f"{metrics['sensitivity']:.1%} (")
        assert shown.loc["Specificity", short[name]].startswith(f"{metrics['specificity']:.1%} (")


def test_a_model_starts_at_the_threshold_saved_with_its_weights(bundled):
    (model,) = answering_models()
    comparison = ModelComparison.of(evaluated_stages([bundled]), "test", with_ensemble=True)
    own = comparison.points[f"Stage 3 · {bundled.name}"]
    assert (own.threshold, own.rule) == (model.record.threshold, model.record.threshold_rule)
    for name in (f"Stage 1 · {bundled.name}", f"Stage 2 · {bundled.name}", ENSEMBLE_NAME):  # without weights
        images = comparison.validation[name]
        found = find_point("sensitivity", images.labels, images.probabilities)
        assert comparison.points[name] == found


def test_without_weights_a_model_starts_at_one_half(own_home):
    run = own_home / "runs" / "old_run"
    shutil.copytree(OLD_RUN, run)
    shutil.rmtree(run / "weights")
    comparison = ModelComparison.of(evaluated_stages(list_runs()), "test")
    assert set(comparison.thresholds.values()) == {0.5}


def test_other_points_replace_the_models_own(bundled):
    comparison = ModelComparison.of(evaluated_stages([bundled]), "test")
    point = find_point("half", np.array([0, 1]), np.array([0.2, 0.8]))
    assert set(comparison.at(dict.fromkeys(comparison.points, point)).thresholds.values()) == {0.5}
    assert 0.5 not in comparison.thresholds.values()


def test_a_new_run_of_the_name_of_the_promoted_one_does_not_start_at_its_threshold(narrow_files, own_home):
    def trained(created: str, threshold: float) -> EvaluatedStage:
        run = Run(config.runs_folder() / "mine")
        shutil.rmtree(run.path, ignore_errors=True)
        shutil.copytree(narrow_files / "narrow", run.path)
        update_record(run.weights_path(3), run="mine", created=created, threshold=threshold)
        return EvaluatedStage(run, 3)

    stage = trained("2026-11-01T10:00:00+00:00", 0.25)
    record = promote_unchecked("mine/3").model.record
    changed = change_operating_point("mine/3", OperatingPoint("own", 0.75, "for a test"), "tests")
    assert stage.is_network_of(record) and stage.is_network_of(changed.model.record)
    assert ModelComparison.of([stage], "test").thresholds[stage.name] == 0.75
    another = trained("2026-11-02T10:00:00+00:00", 0.5)
    assert not another.is_network_of(record)
    assert ModelComparison.of([another], "test").thresholds[stage.name] == 0.5


def test_a_run_here_hides_the_bundled_one_of_its_name(narrow_bundle, own_home):
    (bundled,) = all_runs()
    own = Run(shutil.copytree(bundled.path, config.runs_folder() / bundled.name))
    assert [run.path for run in all_runs()] == [own.path] == [open_run(bundled.name).path]
