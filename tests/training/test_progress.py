"""The time left of a run: steady from its first step, and carried from stage to stage."""

import time

import pytest

from core.runs import WorkEstimate, create_run
from core.training.progress import Progress
from tests.short_runs import tiny_settings

SLOW_S = 0.3


@pytest.fixture
def run(demo, tmp_path):
    return create_run(tiny_settings(demo), "timed", tmp_path / "runs")


@pytest.fixture
def estimate(run):
    return WorkEstimate(run.settings(), training=8, validation=8, test=8)


def test_a_slow_first_step_does_not_carry_the_time_left_away(run, estimate):
    progress = Progress(run, estimate)
    progress.write()
    before = run.status().seconds_left
    step = progress.total / 1000
    progress.add(step)
    time.sleep(SLOW_S)
    progress.add(step)
    progress.write()
    by_the_step = SLOW_S * 1000
    assert before == pytest.approx(estimate.seconds(), rel=0.05)
    assert before <= run.status().seconds_left < before + by_the_step / 100


def test_what_takes_longer_than_expected_is_believed_once_much_of_it_was_done(run, estimate):
    progress = Progress(run, estimate)
    progress.add(progress.total / 1000)
    time.sleep(2 * SLOW_S)
    progress.expected_rate = 0.0
    progress.add(progress.total / 2)
    progress.write()
    assert run.status().seconds_left >= round(2 * SLOW_S * 0.49 / 0.7)


def test_the_next_stage_begins_with_the_rate_of_the_last(run, estimate):
    run.write_state(done=0.5, seconds_left=1000)
    progress = Progress(run, estimate)
    progress.write()
    assert run.status().seconds_left == pytest.approx(1000, rel=0.01)
