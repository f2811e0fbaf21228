"""A run that is stopped or killed goes on as if nothing had happened."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from short_runs import one_thread, tiny_settings, wait_for, wait_until

from core.config import STAGES, Strategy
from core.runs import Run, create_run, jobs, lock
from core.weights import read_model

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("PNEUMONIA_STUDIO_KILLS", 2))  # a stage
EPOCHS = 6 + 6 * KILLS  # a stage lasts long enough to be killed in it


@pytest.fixture(autouse=True)
def as_trained():
    """On one thread, as `trained` was trained."""
    with one_thread():
        yield


@pytest.fixture
def settings(demo):
    return tiny_settings(demo, stages=(1,), epochs=2)


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
        arrays, wanted = (read_model(item.weights_path(stage))[0] for item in (run, expected))
        for name in wanted:
            assert all(map(np.array_equal, arrays[name], wanted[name])), (stage, name)
    columns = ["stage", "epoch", "loss", "accuracy", "val_loss", "val_tp", "learning_rate", "best"]
    pd.testing.assert_frame_equal(run.epochs()[columns], expected.epochs()[columns])
    columns = ["stage", "epoch", "step", "loss", "accuracy"]
    pd.testing.assert_frame_equal(run.steps()[columns], expected.steps()[columns])
    pd.testing.assert_frame_equal(run.followed(), expected.followed())
    assert run.results.evaluation() == expected.results.evaluation()


def is_training(run: Run) -> bool:
    return run.status().message.endswith("training")


def has_trained(run: Run, epochs: int) -> bool:
    return is_training(run) and len(run.epochs()) >= epochs


@pytest.mark.timeout(3000)
def test_stops_and_kills_at_random_moments_change_nothing(demo, tmp_path):
    """In each stage one stop within an epoch, then kills; `PNEUMONIA_STUDIO_KILLS=10` kills more often."""
    settings = tiny_settings(demo, epochs=EPOCHS, early_stopping=EPOCHS, plateau=1)
    whole, run = (
        create_run(settings, name, tmp_path / name / "runs", publish=False)
        for name in ("whole", "interrupted")
    )
    jobs.start(whole)
    wait_for(whole)
    chance = random.Random(3)
    for stage in STAGES:
        start_and_interrupt(run, stage, lambda stage=stage: stop(run, stage))
        assert run.status().state == "stopped", run.log_tail()
        for _ in range(KILLS):
            start_and_interrupt(run, stage, lambda stage=stage: kill(run, stage, chance))
            assert run.status().state == "died"
            assert_nothing_is_damaged(run)
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert_same_end(run, whole)
    assert not list(run.path.rglob(".unfinished-*")) and not list(run.checkpoints.iterdir())


def start_and_interrupt(run: Run, stage: int, interrupt: Callable[[], None]) -> None:
    """Let it go on, and interrupt it in a stage with epochs left; again from here if that came too late."""
    before = shutil.copytree(run.path, run.path.parents[1] / "before")
    for _ in range(20):
        jobs.start(run)
        interrupt()
        wait_for(run)
        assert run.status().state != "failed", run.log_tail()
        if run.status().stage == stage and len(run.epochs()) < EPOCHS * stage - 2:
            break
        shutil.rmtree(run.path)
        shutil.copytree(before, run.path)
    else:
        pytest.fail("it always came too late")
    shutil.rmtree(before)


def stop(run: Run, stage: int) -> None:
    """Stop it within an epoch."""
    wait_until(lambda: is_training(run) and run.status().stage >= stage or not jobs.may_change(run))
    jobs.stop(run)


def kill(run: Run, stage: int, chance: random.Random) -> None:
    """Kill it while it starts, or after up to two epochs of a stage and a moment more."""
    wait_until(lambda: run.process() and run.process().process() or not jobs.may_change(run))
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 2))
    else:
        goal = EPOCHS * (stage - 1) + chance.choice([0, 1, 2])
        wait_until(lambda: has_trained(run, goal) or not jobs.may_change(run))
        time.sleep(chance.uniform(0, 0.5))
    run.process().kill()


def test_a_full_disk_ends_the_run_with_a_sentence_and_it_goes_on_when_there_is_room(settings, small_disk):
    disk = small_disk("8m")
    run = create_run(settings, "full", disk / "runs", disk / "models")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "failed" and "The disk is full" in run.status().message
    assert_nothing_is_damaged(run)
    epochs = len(run.epochs())
    small_disk("64m")
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert len(run.epochs()) == 2 > epochs
    wait_until(lambda: not lock.is_held(jobs.scheduler_lock(disk / "runs")))


def test_what_a_stopped_run_needs_may_be_damaged_or_changed(settings, tmp_path):
    """Other starting weights are refused; a checkpoint that cannot be read costs an epoch and not the run."""
    settings = replace(settings, epochs=500, early_stopping=500)
    run = create_run(settings, "stopped", tmp_path / "runs", tmp_path / "models")
    jobs.start(run)
    wait_until(lambda: has_trained(run, 2))
    jobs.stop(run)
    wait_for(run)
    assert run.status().state == "stopped"
    read_model(run.weights_path(1))  # what was best
    assert not (tmp_path / "models" / STAGES[1].file).exists()

    commits = run.checkpoints / "checkpoint.json"
    content = commits.read_text()
    changed = [{**commit, "frozen": "another"} for commit in json.loads(content)]
    commits.write_text(json.dumps(changed))  # as if the file of the starting weights had been replaced
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "failed"
    assert "starting weights have changed" in run.status().message

    commits.write_text(content)
    latest, before = json.loads(content)
    with open(run.checkpoints / latest["file"], "r+b") as file:
        file.truncate(1000)
    whole = json.loads((run.path / "settings.json").read_text())
    whole["training"]["epochs"] = before["epochs"] + 1
    (run.path / "settings.json").write_text(json.dumps(whole))
    jobs.start(run)
    wait_for(run)
    assert run.status().state == "finished", run.log_tail()
    assert run.epochs()["epoch"].tolist() == [*range(1, before["epochs"] + 2)]


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
    assert len(run.results.predictions(4, "test")) == 15
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["vgg19_model_01.h5"]
