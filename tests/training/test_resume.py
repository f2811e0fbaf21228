"""A run that is stopped or killed goes on as if nothing had happened."""

import json
import os
import random
import signal
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from short_runs import tiny_settings, wait_for

from core.config import STAGES, Strategy
from core.runs import Run, create_run, jobs, lock
from core.weights import read_model

KILLS = int(os.environ.get("PNEUMONIA_STUDIO_KILLS", 10))
EPOCHS = 4  # with fewer, runs end before they are killed, and begin anew more often


@pytest.fixture(scope="module")
def one_thread():
    """On one thread float32 sums have one order, so that equal work gives equal bits."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            patch.setenv(name, "1")
        yield


@pytest.fixture(scope="module")
def settings(demo):
    settings = tiny_settings(demo, precision="float32", epochs=EPOCHS, early_stopping=EPOCHS, plateau=1)
    return replace(settings, batch_size=4, steps=(3, 3, 1), optimizer="sgd", momentum=0.9, learning_rate=1e-5)


@pytest.fixture(scope="module")
def uninterrupted(one_thread, settings, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("uninterrupted")
    run = create_run(settings, "whole", folder / "runs", folder / "models")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    return run


def assert_nothing_is_damaged(run: Run) -> None:
    """Every file under its own name can be read."""
    for name in ("state.json", "settings.json", "facts.json", "evaluation.json", "process.json"):
        if (run.path / name).exists():
            json.loads((run.path / name).read_text())
    for stage in STAGES:
        if run.weights_path(stage).exists():
            read_model(run.weights_path(stage))
    assert run.steps()["loss"].notna().all()


def assert_same_end(run: Run, expected: Run) -> None:
    for stage in STAGES:
        found, wanted = (read_model(item.weights_path(stage))[0] for item in (run, expected))
        for name in wanted:
            assert all(map(np.array_equal, found[name], wanted[name])), (stage, name)
    columns = ["stage", "epoch", "loss", "accuracy", "val_loss", "val_tp", "learning_rate", "best"]
    pd.testing.assert_frame_equal(run.epochs()[columns], expected.epochs()[columns])
    columns = ["stage", "epoch", "step", "loss", "accuracy"]
    pd.testing.assert_frame_equal(run.steps()[columns], expected.steps()[columns])
    assert run.evaluation() == expected.evaluation()


def is_training(run: Run) -> bool:
    return run.status().message.endswith("training")


def has_trained(run: Run, epochs: int) -> bool:
    return is_training(run) and len(run.epochs()) >= epochs


@pytest.mark.timeout(3000)
def test_kills_at_random_moments_change_nothing(uninterrupted, settings, tmp_path):
    run = create_run(settings, "killed-0", tmp_path / "runs", tmp_path / "models")
    chance = random.Random(3)
    kills, stages = 0, set()
    while kills < KILLS:
        jobs.start(run)
        wait_until(lambda run=run: jobs.is_active(run) and run.process() and run.process().process())
        if chance.random() < 0.2:  # while it starts
            time.sleep(chance.uniform(0, 8))
        else:
            goal = len(run.epochs()) + chance.choice([0, 1, 2])
            wait_until(lambda run=run, goal=goal: has_trained(run, goal) or not jobs.is_active(run))
            time.sleep(chance.uniform(0, 1))
        run.process().kill()
        wait_until(lambda run=run: not jobs.is_active(run))
        if run.status().state == "finished":  # faster than the kills: once more
            assert_same_end(run, uninterrupted)
            run = create_run(settings, f"killed-{kills}", tmp_path / "runs", tmp_path / "models")
            continue
        assert run.status().state == "died"
        kills += 1
        stages.add(run.status().stage)
        assert_nothing_is_damaged(run)
    assert stages >= {1, 2}, stages
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert_same_end(run, uninterrupted)
    assert not list(run.path.rglob(".unfinished-*")) and not list(run.checkpoints.iterdir())


def test_stops_within_an_epoch_change_nothing(uninterrupted, settings, tmp_path):
    run = create_run(settings, "stopped", tmp_path / "runs", tmp_path / "models")
    for stage in STAGES:
        jobs.start(run)
        wait_until(lambda stage=stage: is_training(run) and run.status().stage == stage)
        jobs.stop(run)
        wait_for(run, 30)
        assert run.status().state == "stopped", run.log_tail()
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert_same_end(run, uninterrupted)


def wait_until(condition, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_full_disk_ends_the_run_with_a_sentence_and_it_goes_on_when_there_is_room(settings, small_disk):
    place = small_disk("600m")
    run = create_run(replace(settings, stages=(1,), epochs=4), "full", place / "runs", place / "models")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "failed" and "The disk is full" in run.status().message
    assert_nothing_is_damaged(run)
    epochs = len(run.epochs())
    small_disk("4g")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert len(run.epochs()) == 4 > epochs
    wait_until(lambda: not lock.is_held(jobs.scheduler_lock(place / "runs")))


def test_changed_starting_weights_are_refused_on_resume(settings, tmp_path):
    """The digest of other frozen weights stands in the checkpoint, as if their file had been replaced."""
    run = create_run(
        replace(settings, stages=(1,), epochs=50), "changed", tmp_path / "runs", tmp_path / "models"
    )
    jobs.start(run)
    wait_until(lambda: has_trained(run, 1))
    jobs.stop(run)
    wait_for(run, 60)
    content = json.loads((run.path / "checkpoints" / "checkpoint.json").read_text())
    content = [{**commit, "frozen": "another"} for commit in content]
    (run.path / "checkpoints" / "checkpoint.json").write_text(json.dumps(content))
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "failed"
    assert "starting weights have changed" in run.status().message


def test_an_unreadable_checkpoint_costs_an_epoch_and_not_the_run(settings, tmp_path):
    run = create_run(replace(settings, stages=(1,), epochs=4), "torn", tmp_path / "runs", tmp_path / "models")
    jobs.start(run)
    wait_until(lambda: has_trained(run, 2) and not run.status().message.endswith("evaluating"))
    os.kill(run.process().pid, signal.SIGKILL)
    wait_until(lambda: run.status().state == "died")
    latest, *_ = json.loads((run.path / "checkpoints" / "checkpoint.json").read_text())
    with open(run.path / "checkpoints" / latest["file"], "r+b") as file:
        file.truncate(1000)
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert run.epochs()["epoch"].tolist() == [1, 2, 3, 4]


def test_a_custom_stage_trains_what_its_strategy_names(settings, tmp_path):
    strategy = Strategy("fourth-block", ("block4_conv4", "block5_conv4"), 1.0, 2)
    settings = replace(settings, stages=(1, 4), epochs=1, strategy=strategy)
    run = create_run(settings, "custom", tmp_path / "runs", tmp_path / "models")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    before, after = (read_model(run.weights_path(stage))[0] for stage in (1, 4))
    moved = {name for name in before if not np.array_equal(before[name][0], after[name][0])}
    assert moved == {"block4_conv4", "block5_conv4", "fc1", "fc2", "predictions"}
    assert len(run.predictions(4, "test")) == 15
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["vgg19_model_01.h5"]
