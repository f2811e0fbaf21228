"""Zones of the bundled run's stages, from the predictions that come with it."""

import json
import shutil

import pytest

from core.cli.main import main
from core.comparison import ModelComparison, evaluated_stages, model_zones, zone_table, zone_text
from core.config import bundled_folder
from core.errors import UserError
from core.runs import Run, bundled_runs


@pytest.fixture(scope="module")
def run() -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
        return bundled_runs()[0]


@pytest.fixture(scope="module")
def comparison(run) -> ModelComparison:
    return ModelComparison.of(evaluated_stages([run]), "test", with_ensemble=True)


def test_each_model_has_zones_around_its_operating_point(comparison):
    found = model_zones(comparison)
    assert [item.model for item in found] == [model.name for model in comparison.models]
    for item, model in zip(found, comparison.models, strict=True):
        assert item.zones.low <= comparison.thresholds[item.model] <= item.zones.high
        assert item.outcome.images == len(model)


def test_bounds_come_from_validation_and_not_from_the_compared_images(comparison):
    half = comparison.models[0].labels == 1
    fewer = ModelComparison(
        **{**vars(comparison), "models": [model.where(half) for model in comparison.models]}
    )
    assert [item.zones for item in model_zones(fewer)] == [item.zones for item in model_zones(comparison)]
    assert {item.outcome.false_alarms.rate for item in model_zones(fewer)} == {None}
    assert set(zone_text(model_zones(fewer)).loc["False-alarm rate"]) == {"–"}


def test_the_table_holds_every_image_once_and_the_text_says_the_same(comparison):
    found = model_zones(comparison, 0.05, 0.1)
    table, text = zone_table(found).set_index("model"), zone_text(found)
    counts = table.filter(regex="^(rule|undecided)")
    assert set(counts.sum(axis=1)) == {len(comparison.models[0])}
    for item in found:
        row, column = table.loc[item.model], text[item.model]
        assert (row["promised miss rate"], row["promised false-alarm rate"]) == (0.05, 0.1)
        assert column["Undecided"] == f"{item.outcome.undecided} of {item.outcome.images}"
        assert column["Ruled out"].endswith(f", {row['rule out, PNEUMONIA']:.0f} PNEUMONIA")
        assert column["Miss rate"].startswith(f"{row['miss rate']:.1%} (")
        assert column["Miss rate"] in item.sentence() and "promised 5%" in item.sentence()
        broken = row["false-alarm rate low"] > 0.1
        assert ("false-alarm rate" in item.broken()) == broken


def test_too_few_patients_are_said_of_the_model(comparison):
    with pytest.raises(UserError, match=r"^Stage 1.*: Too few patients: a miss rate of 0.001 takes 999"):
        model_zones(comparison, miss_rate=0.001)


def test_the_terminal_prints_zones_or_why_there_are_none(run, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)
    shutil.copytree(bundled_folder() / run.name, tmp_path / "copied")
    arguments = ["compare", "copied", "--runs", str(tmp_path)]
    assert main([*arguments, "--json", "--miss-rate", "0.1"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [item["zones"]["miss_rate"] for item in values["zones"]] == [0.1] * 3 and not values["no_zones"]
    assert main([*arguments, "--false-alarm-rate", "0.0001"]) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed.startswith("No zones. Stage 1") and "takes 9,999 patients without" in printed
