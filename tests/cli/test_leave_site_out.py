import json

import pytest
from click.testing import CliRunner

from core.cli.main import commands
from core.dataset import EXCLUDED, open_dataset, open_datasets, review_label, write_synthetic_dataset
from core.errors import UserError
from core.runs import list_runs

pytestmark = pytest.mark.slow
NARROW = ["--weights", "none", "--stage", "1", "--preset", "quick", "--epochs", "1", "--steps", "1"]
FEW = {"width": 0.125, "batch_size": 4, "train_limit": 4, "validation_limit": 4, "augmentation": "null"}


def test_each_site_is_left_out_measured_on_and_not_trained_twice(demo, own_home, tmp_path):
    clinic = write_synthetic_dataset(tmp_path / "clinic", images=40, seed=1)
    words = ["leave-site-out", "--data", str(demo), "--data", str(clinic), *NARROW]
    words += [word for name, value in FEW.items() for word in ("--set", f"{name}={value}")]
    result = CliRunner().invoke(commands, [*words, "--json"], standalone_mode=False)
    assert result.exception is None, result.exception
    measured, sites = json.loads(result.stdout), open_datasets([demo, clinic]).table["site"]
    assert {site: item["n"] for site, item in measured.items()} == sites.value_counts().to_dict()
    for site, item in measured.items():
        run = next(run for run in list_runs() if run.name == item["run"])
        assert run.settings().held_out_site == site and not run.publishes()
        assert set(run.results.predictions(1, "test")["site"]) == {site}
        assert set(run.results.predictions(1, "validation")["site"]) == {"demo", "clinic"} - {site}
    review_label(open_dataset(demo), 0, EXCLUDED, "Dr Lee", "wrong body part")
    again = CliRunner().invoke(commands, words, standalone_mode=False)
    assert again.exception is None and len(list_runs()) == 2
    assert "Resumed with the labels as published and the exclusions of run" in again.stderr
    assert all(site in again.output and item["run"] in again.output for site, item in measured.items())
    other = CliRunner().invoke(commands, [*words, "--seed", "1"], standalone_mode=False)
    with pytest.raises(UserError, match="already a run .* of other settings"):
        raise other.exception
    alike = CliRunner().invoke(commands, [*words, "--run", "x" * 58], standalone_mode=False)
    with pytest.raises(UserError, match="without clinic and demo would all be called x+-with"):
        raise alike.exception
