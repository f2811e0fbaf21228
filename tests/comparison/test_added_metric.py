"""A metric that is added to the table of metrics appears in every output without another change."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from core import evaluation
from core.cli.main import main
from core.comparison import ModelComparison, evaluated_stages, write_report
from core.config import PROJECT
from core.evaluation import METRICS, CountStatistic, Metric
from core.figures.metric_intervals import metric_intervals
from core.inference import ModelIdentity, described
from core.runs import bundled_runs, list_runs
from core.weights import ModelRecord
from tests.pages.opened_page import shown_table

OLD_RUN = Path(__file__).parents[1] / "fixtures" / "old_run"
ERROR_RATE = Metric(
    "error_rate",
    "share of errors",
    CountStatistic(lambda c: (c.fp + c.fn) / c.total),
    higher_is_better=False,
    format="{:.4f}",
)


@pytest.fixture(autouse=True)
def added(monkeypatch, own_home):
    """One metric more, and a run whose predictions are known."""
    monkeypatch.setitem(METRICS, ERROR_RATE.name, ERROR_RATE)
    shutil.copytree(OLD_RUN, own_home / "runs" / "old_run")
    st.cache_data.clear()
    yield
    st.cache_data.clear()


@pytest.fixture
def comparison():
    return ModelComparison.of(evaluated_stages(list_runs()), "test")


@pytest.fixture
def texts(comparison):
    """The metric's value with its interval, as each output prints it, by model name."""
    values = {
        model.name: evaluation.evaluate_with_intervals(model, comparison.thresholds[model.name])
        for model in comparison.models
    }
    texts = {
        name: ERROR_RATE.text(metrics["error_rate"], metrics["intervals"]["error_rate"])
        for name, metrics in values.items()
    }
    wrong = comparison.models[0].wrong_at(comparison.thresholds[comparison.models[0].name])
    assert texts[comparison.models[0].name].startswith(f"{wrong.mean():.4f} (")
    return texts


def test_tables_and_figures_have_it(comparison, texts):
    metrics = {
        model.name: evaluation.evaluate_with_intervals(model, comparison.thresholds[model.name])
        for model in comparison.models
    }
    assert dict(evaluation.side_by_side(metrics).loc["Share of errors"]) == texts
    assert set(evaluation.metric_table(metrics)["metric"]) == set(METRICS)
    assert "error_rate" in set(evaluation.over_seeds({"a": [*metrics.values()]})["metric"])
    figure = metric_intervals(metrics)
    hovers = [row for trace in figure.data for row in trace.customdata]
    assert [text for title, text in hovers if title == "Share of errors"] == list(texts.values())


def test_report_and_model_card_have_it(comparison, texts, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no browser"))  # drawing takes long
    pdf = write_report(comparison, tmp_path / "report")
    pages = " ".join(page.extract_text() for page in PdfReader(pdf).pages)
    card = (pdf.parent / "model_card.md").read_text()
    numbers = pd.read_csv(pdf.parent / "metrics.csv")
    for text in texts.values():
        assert pages.count(text.split(" ")[0]) >= 2, "in the metrics and in the model card"
        assert text in card
    assert "share of errors" in card and "error_rate" in set(numbers["metric"])


def test_the_terminal_prints_it(texts, capsys):
    assert main(["compare", "old_run"]) in (0, None)
    printed = capsys.readouterr().out
    for text in texts.values():
        assert f"Share of errors    {text}" in printed
    assert main(["compare", "old_run", "--json"]) in (0, None)
    models = json.loads(capsys.readouterr().out)["models"]
    assert all(values["intervals"]["error_rate"] for values in models.values())


def test_evaluate_prints_it(narrow_bundle, demo, capsys):
    (run,) = bundled_runs()
    words = ["evaluate", "--model", str(run.weights_path(3)), "--data", str(demo)]
    capsys.readouterr()
    assert main(words) in (0, None)
    assert "Share of errors" in capsys.readouterr().out


def test_the_page_shows_it(texts):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300)
    app.run()
    app.switch_page("pages/comparison/page.py").run()
    app.session_state["all-metrics"] = True  # open
    app.run()
    assert not app.exception and not app.error
    shown = shown_table(app).loc["Share of errors"]
    assert len(shown) >= 3
    for name in set(texts) & set(shown.index):
        assert shown[name] == texts[name]


def test_a_models_record_and_the_api_have_it():
    metrics = evaluation.evaluate(np.array([0, 1, 1]), np.array([0.2, 0.3, 0.9]))
    record = ModelRecord.from_text(ModelRecord(evaluation={"test": metrics}).to_text())
    answer = json.loads(json.dumps(described(record, 3, ModelIdentity("r/3", 1, "0123abcd"))))
    assert answer["evaluation"]["test"]["error_rate"] == pytest.approx(1 / 3)
