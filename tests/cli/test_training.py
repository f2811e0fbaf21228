"""A trainer in the terminal is told what each epoch did, and once a stage what is unusual."""

import sys

import pytest
from short_runs import tiny_settings
from tqdm import tqdm

from core.cli.training import tell_news
from core.runs import create_run


@pytest.fixture
def run(tmp_path):
    """A run with a history, which no process trains."""
    return create_run(tiny_settings(tmp_path), "told", tmp_path / "runs", tmp_path / "models")


def test_each_epoch_is_told_once_and_each_alert_once_a_stage(run, capsys):
    epoch = {"loss": 1.0, "val_loss": 1.0, "val_tn": 0, "val_fp": 10, "val_fn": 0, "val_tp": 20}
    told = set()
    with tqdm(disable=True, file=sys.stderr) as bar:
        for stage, number, alerts in ((1, 1, 1), (1, 2, 0), (2, 1, 1)):
            run.append_epoch({"stage": stage, "epoch": number, **epoch})
            tell_news(run, bar, told)
            tell_news(run, bar, told)
            first, *others = capsys.readouterr().err.splitlines()
            assert first.startswith(f"Stage {stage}, epoch {number}: validation loss 1.000")
            assert sum(line.startswith("! All validation images are predicted") for line in others) == alerts
            assert not any(line.startswith("Stage") for line in others)
