"""The time left of a run: steady from its first step, and carried from stage to stage.

`recorded_runs.csv` holds when three runs of `recommended` came to a step, in seconds since their start: 4,681
training images on two cores with AMX, which other programs used as well. Epoch 0 is the computation of the
frozen layers; a row of stage 0 is the end of a run, references included.
"""

from pathlib import Path

import pandas as pd
import pytest

from core.config import preset
from core.runs import WorkEstimate, create_run
from core.training.progress import Progress
from pages.training.watch.run import LEFT_HIGH, LEFT_LOW
from tests.short_runs import tiny_settings

SLOW_S = 300


@pytest.fixture
def run(demo, tmp_path):
    return create_run(tiny_settings(demo), "timed", tmp_path / "runs")


@pytest.fixture
def estimate(run):
    return WorkEstimate(run.settings(), training=8, validation=8, test=8)


def test_a_slow_first_step_does_not_carry_the_time_left_away(run, estimate):
    clock = [0.0]
    progress = Progress(run, estimate, lambda: clock[0])
    progress.write()
    before = run.status().seconds_left
    step = progress.total / 1000
    progress.add(step)
    clock[0] = SLOW_S
    progress.add(step)
    progress.write()
    by_the_step = SLOW_S * 1000
    assert before == pytest.approx(estimate.seconds(), rel=0.05)
    assert before <= run.status().seconds_left < before + by_the_step / 100


def test_what_takes_longer_than_expected_is_believed_once_much_of_it_was_done(run, estimate):
    clock = [0.0]
    progress = Progress(run, estimate, lambda: clock[0])
    progress.add(progress.total / 1000)
    clock[0] = 2 * SLOW_S
    progress.expected_rate = 0.0
    progress.add(progress.total / 2)
    progress.write()
    assert run.status().seconds_left >= round(2 * SLOW_S * 0.49 / 0.7)


def test_the_next_stage_begins_with_the_rate_of_the_last(run, estimate):
    run.write_state(done=0.5, seconds_left=1000)
    progress = Progress(run, estimate)
    progress.write()
    assert run.status().seconds_left == pytest.approx(1000, rel=0.01)


RECORDED = pd.read_csv(Path(__file__).with_name("recorded_runs.csv"))
IMAGES = {"training": 4681, "validation": 535, "test": 329}
STEPS = 147  # of an epoch
LAST_MINUTES = 2


@pytest.mark.parametrize("expected", [0.7, 1.0, 1.3], ids="{:.0%} of the time expected".format)
@pytest.mark.parametrize("number", RECORDED["run"].unique())
def test_the_time_left_of_recorded_runs_is_a_range_that_holds_and_does_not_double(
    number, expected, demo, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.config.processor.bfloat16_unit", lambda: "amx")  # as recorded
    rows = RECORDED[RECORDED["run"] == number]
    end = float(rows["seconds"].iloc[-1])
    run = create_run(
        preset("recommended").settings(data=str(demo), precision="bfloat16"), "replayed", tmp_path
    )
    run.write_state(done=0.0, seconds_left=expected * end)
    left = pd.Series(dict(replayed(run, rows)))
    truth = end - left.index.to_numpy()
    far = left[truth > 60 * LAST_MINUTES]
    assert (far / far.cummin()).max() < 2
    assert ((LEFT_LOW * left <= truth) & (truth <= LEFT_HIGH * left)).mean() > 2 / 3


def replayed(run, rows):
    """Seconds since the start of a recorded run, and what the run's state then says is left."""
    estimate = WorkEstimate(run.settings(), **IMAGES)
    clock = [0.0]
    for stage, steps in rows[rows["stage"] > 0].groupby("stage"):
        progress = Progress(run, estimate, lambda: clock[0])
        for row in steps.itertuples():
            clock[0] = float(row.seconds)
            part = row.step / STEPS
            done = estimate.until(stage) + (row.epoch - 1 + part) * estimate.epoch(stage)
            progress.add((done if row.epoch else part * estimate.extraction()) - progress.done)
            progress.write()
            yield clock[0], run.status().seconds_left
