import json
import subprocess

import pytest

from core import config
from core.cli.main import main
from core.registry import active_model


@pytest.fixture(autouse=True)
def finished_run(trained, own_home, monkeypatch):
    """A home with the bundled model and a finished run."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)


def test_models_are_listed_with_their_states(capsys):
    assert main(["models", "list", "--json"]) == 0
    states = {item["name"]: item["state"] for item in json.loads(capsys.readouterr().out)}
    assert states["bundled/3"] == "active" and states["mine/3"] == "candidate"
    main(["models", "list"])
    assert "candidate mine/3" in capsys.readouterr().out


def test_a_promotion_shows_its_checklist_and_can_be_rolled_back(capsys):
    assert main(["models", "promote", "mine/3"]) == 2
    outcome = capsys.readouterr()
    assert "FAILED  Trained on real data. Trained on SYNTHETIC images." in outcome.out
    assert "To promote it all the same, override them and give a reason." in outcome.err
    assert active_model().model.bundled
    assert main(["models", "promote", "mine/3", "--override", "--reason", "a demonstration"]) == 0
    assert "mine/3@1 is active now." in capsys.readouterr().out
    assert main(["models", "show", "mine/3"]) == 0
    assert "a demonstration" in capsys.readouterr().out
    assert main(["models", "rollback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "bundled/3"
    assert active_model().model.bundled
    assert main(["models", "retire", "mine/3@1", "--reason", "old"]) == 0
    assert "mine/3@1 is retired." in capsys.readouterr().out


def test_a_name_that_no_model_has_is_answered_with_those_there_are(capsys):
    assert main(["models", "promote", "yours/3"]) == 2
    assert "There is no model 'yours/3'. Models here: bundled/3, mine/1" in capsys.readouterr().err
