import shlex
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from core.cli.main import commands
from core.config import Augmentation, Strategy, preset
from core.dataset import Exclusions, read_exclusions, save_exclusions
from core.errors import UserError
from core.runs import command_line, list_runs, strategies


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stages": (1, 3), "weights": "none", "momentum": 0.9, "nesterov": True, "seed": 7},
        {"augmentation": None, "class_weights": True, "steps": (3, None, 5), "rate_factors": (1.0, 0.5, 2.0)},
        {"augmentation": Augmentation(rotation=5.0, vertical_flip=False), "precision": "float32"},
        {"without_copies": True},
        {"stages": (1, 4), "strategy": Strategy("late", ("block5_conv4",), 0.5, 20)},
    ],
)
@pytest.mark.parametrize("name", ["seed", "quick"])
@pytest.mark.parametrize("chosen", [False, True])
def test_the_command_line_makes_a_run_of_the_same_settings(
    demo, own_home, tmp_path, monkeypatch, chosen, name, changes
):
    settings = preset(name).settings(data=str(demo), **changes)
    if chosen:
        save_exclusions(demo, Exclusions(without_test_patients=True))
    words = shlex.split(command_line(settings, asdict(read_exclusions(demo))))
    assert words[:4] == ["python", "-m", "core", "train"]
    monkeypatch.setattr("core.cli.training._followed", lambda run, as_json: 0)  # make it, do not train it
    result = CliRunner().invoke(commands, [*words[3:], "--runs", str(tmp_path)], standalone_mode=False)
    assert result.exception is None
    assert list_runs(tmp_path)[0].settings() == settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"momentum": "2"}, "momentum is 2; it must be between"),
        ({"colour": "1"}, "Unknown setting 'colour'"),
        ({"augmentation.twist": "1"}, "Unknown setting 'augmentation.twist'"),
        ({"epochs": "many"}, "epochs is .many.; a whole number"),
        ({"strategy.trains": '["block9_conv1"]', "strategy.name": "x"}, "no layer 'block9_conv1'"),
        ({"strategy.trained_layers": "[]"}, "strategy.name is missing"),
        ({"stages": "[4]"}, "choose which layers it trains"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(change, sentence):
    with pytest.raises(UserError, match=sentence):
        preset("seed").settings().changed(change)


def test_strategies_are_saved_by_name(own_home):
    assert strategies.saved() == {}
    late, early = Strategy("late", ("block5_conv4",)), Strategy("early", ("block1_conv1",), 1.0, 10)
    strategies.save(late)
    strategies.save(early)
    assert strategies.saved() == {"late": late, "early": early}
    strategies.forget("late")
    assert list(strategies.saved()) == ["early"]
    with pytest.raises(UserError, match="cannot be called 'model_01'"):
        Strategy("model_01", ())
