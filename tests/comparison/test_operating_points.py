"""Page, terminal and report start at the same operating points: each model's own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.cli.main import main
from core.comparison import ENSEMBLE, ModelComparison, evaluated_stages
from core.config import PROJECT
from core.evaluation import find_point
from core.registry import answering_models
from core.runs import Run, bundled_runs, list_runs

OLD_RUN = Path(__file__).parents[1] / "fixtures" / "old_run"


@pytest.fixture
def bundled(own_home, monkeypatch) -> Run:
    """The bundled run: weights of stage 3 only, predictions of all stages."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
    (run,) = bundled_runs()
    return run


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
    shown = app.dataframe[0].value
    for name, metrics in terminal.items():
        assert shown.loc["Sensitivity", short[name]].startswith(f"{metrics['sensitivity']:.1%} (")
        assert shown.loc["Specificity", short[name]].startswith(f"{metrics['specificity']:.1%} (")


def test_a_model_starts_at_the_threshold_saved_with_its_weights(bundled):
    (model,) = answering_models()
    comparison = ModelComparison.of(evaluated_stages([bundled]), "test", with_ensemble=True)
    own = comparison.points[f"Stage 3 · {bundled.name}"]
    assert (own.threshold, own.rule) == (model.record.threshold, model.record.threshold_rule)
    for name in (f"Stage 1 · {bundled.name}", f"Stage 2 · {bundled.name}", ENSEMBLE):  # without weights
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
