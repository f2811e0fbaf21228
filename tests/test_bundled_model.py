"""The model that comes with the project: there, small, and as good as its records say."""

import json
from pathlib import Path

import pytest
from bundled_run import BUNDLED_RUN

from core.cli.main import main
from core.config import PROJECT
from core.evaluation import evaluate
from core.registry.golden_images import DRAWN_FILE, MAX_GOLDEN_IMAGES
from core.weights import read_record

MAX_BYTES = 35 * 10**6


@pytest.fixture(scope="module")
def run():
    return BUNDLED_RUN


def test_it_is_small_and_says_how_its_three_stages_were_measured(run):
    assert run.weights_path(3).stat().st_size < MAX_BYTES
    assert set(run.results.evaluation()) == {"1", "2", "3"} and len(run.epochs())
    for stage in (1, 2, 3):
        assert (
            len(run.results.predictions(stage, "test")) == run.results.evaluation()[str(stage)]["test"]["n"]
        )
    assert len(json.loads((run.path / DRAWN_FILE).read_text())["probabilities"]) == MAX_GOLDEN_IMAGES
    assert not any(str(PROJECT.parent).encode() in path.read_bytes() for path in run.path.rglob("*.json"))


def test_its_card_says_what_its_record_says(run):
    card = (PROJECT / "model_weights" / "README.md").read_text()
    assert run.name in card
    assert f"**{run.results.evaluation()['3']['test']['auc']:.3f}**" in card
    record = read_record(run.weights_path(3))
    assert f"{record.threshold:.3f} of the raw probability" in card
    assert f"the temperature ({record.temperature:.2f})" in card


def test_its_records_rest_on_all_real_test_images(run, real):
    kept = run.results.predictions(3, "test")
    assert set(kept["path"]) == {str(path.relative_to(real)) for path in (real / "test").glob("*/*.jpeg")}
    found = evaluate(kept["label"] == "PNEUMONIA", kept["probability"])
    assert found["auc"] == pytest.approx(run.results.evaluation()["3"]["test"]["auc"])


def test_the_terminal_answers_with_it_as_its_records_say(run, real, own_home, monkeypatch, capsys):
    """Every eighth real test image, no model named, nothing trained."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    kept = run.results.predictions(3, "test").sort_values("path").iloc[::8]
    assert main(["predict", *(str(real / path) for path in kept["path"]), "--json", "--anyway"]) == 0
    answers = json.loads(capsys.readouterr().out)
    assert [Path(answer["file"]) for answer in answers] == [real / path for path in kept["path"]]
    # Of an image unlike the training images, only the raw one is given.
    raw = [answer.get("raw_probability", answer["probability"]) for answer in answers]
    assert raw == pytest.approx(list(kept["probability"]), abs=0.01)
