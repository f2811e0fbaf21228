"""The model that comes with the project: there, small, and as good as its records say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import PROJECT
from core.evaluation import evaluate
from core.runs import list_runs

BUNDLED = PROJECT / "model_weights" / "bundled"
MAX_BYTES = 70 * 10**6


@pytest.fixture(scope="module")
def run():
    (found,) = list_runs(BUNDLED)
    return found


def test_it_is_small_and_says_how_its_three_stages_were_measured(run):
    assert run.weights_path(3).stat().st_size < MAX_BYTES
    assert set(run.results.evaluation()) == {"1", "2", "3"} and len(run.epochs())
    for stage in (1, 2, 3):
        assert (
            len(run.results.predictions(stage, "test")) == run.results.evaluation()[str(stage)]["test"]["n"]
        )
    assert not any(str(PROJECT.parent).encode() in path.read_bytes() for path in run.path.rglob("*.json"))


def test_its_card_says_what_its_record_says(run):
    card = (PROJECT / "model_weights" / "README.md").read_text()
    assert run.name in card
    assert f"**{run.results.evaluation()['3']['test']['auc']:.3f}**" in card


@pytest.mark.slow
def test_the_terminal_answers_with_it_as_well_as_it_says(run, real, own_home, monkeypatch):
    """All real test images, no model named, nothing trained."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    images = sorted((real / "test").glob("*/*.jpeg"))
    done = subprocess.run(
        [sys.executable, "-m", "core", "predict", *map(str, images), "--json", "--anyway"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    labels = [Path(answer["file"]).parent.name == "PNEUMONIA" for answer in answers]
    found = evaluate(labels, [answer["probability"] for answer in answers])
    expected = run.results.evaluation()["3"]["test"]["auc"]
    assert found["n"] == len(images) and abs(found["auc"] - expected) < 0.002
