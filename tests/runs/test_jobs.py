"""The scheduler with real training processes."""

import multiprocessing
import os
import signal
import subprocess
import time

import psutil
import pytest
from listening import listening
from short_runs import suspend, tiny_settings, wait_for, wait_until

from core.errors import UserError
from core.runs import (
    ProcessIdentity,
    create_run,
    detached,
    housekeeping,
    jobs,
    list_runs,
    lock,
    open_run,
    queue,
)
from core.training.__main__ import main as train

PATIENCE_S = 240
pytestmark = pytest.mark.slow


@pytest.fixture
def make(tmp_path, demo):
    """Makes runs of one stage that end in seconds, or go on until they are stopped; they publish nothing."""

    def make(name, endless=False, **changes):
        settings = tiny_settings(demo, stages=(1,), precision="float32")
        if endless:
            changes |= {"epochs": 1000, "early_stopping": 1000}
        settings = settings.__class__.from_json({**settings.to_json(), **changes})
        return create_run(settings, name, tmp_path / "runs", publish=False)

    yield make
    for run in list_runs(tmp_path / "runs"):
        jobs.stop(run)
    queue.clear(tmp_path / "runs")
    for run in list_runs(tmp_path / "runs"):
        wait_for(run, 60)


@pytest.fixture
def told_webhook(monkeypatch):
    """What the schedulers that start meanwhile tell their webhook."""
    with listening() as (address, told):
        monkeypatch.setenv("PNEUMONIA_STUDIO_WEBHOOK", address)
        yield told


def states(*runs):
    return [run.status().state for run in runs]


def scheduler_of(run):
    """The process that holds the lock of the scheduler of the run's folder."""
    held = str(jobs.scheduler_lock(run.path.parent))
    (scheduler,) = [
        process
        for process in psutil.process_iter(["open_files"])
        if held in [file.path for file in process.info["open_files"] or ()]
    ]
    return scheduler


def test_three_runs_train_one_after_another_and_a_failure_holds_up_nobody(make, told_webhook):
    runs = [make("one"), make("two", weights="/nowhere.h5"), make("three")]
    for run in runs:
        jobs.start(run)
    seen = set()
    while {"queued", "running"} & set(states(*runs)):
        now = states(*runs)
        seen.add(tuple(now))
        assert "died" not in now
        time.sleep(0.1)
    assert states(*runs) == ["finished", "failed", "finished"]
    assert ("running", "queued", "queued") in seen
    times = [(run.status().started, run.status().ended) for run in runs]
    assert sorted(sum(times, ())) == list(sum(times, ())), "one after another"
    wait_until(lambda: not lock.is_held(jobs.scheduler_lock(runs[0].path.parent)), PATIENCE_S)
    told = [(ended["run"], ended["state"]) for ended in told_webhook]
    assert told == [("one", "finished"), ("two", "failed"), ("three", "finished")]


def test_the_queue_can_be_reordered_and_emptied(make):
    first, *others = [make("first", endless=True), make("a"), make("b"), make("c")]
    for run in [first, *others]:
        jobs.start(run)
    wait_until(lambda: first.status().state == "running", PATIENCE_S)
    folder = first.path.parent
    queue.move(folder, "c", -5)
    assert queue.names(folder) == ["c", "a", "b"]
    assert others[1].status().message == "Queued: position 3 of 3."
    assert jobs.stop(others[0]).state == "stopped" and queue.names(folder) == ["c", "b"]
    queue.clear(folder)
    assert states(*others) == ["stopped"] * 3
    assert first.status().state == "running"


def test_two_starts_at_the_same_moment_train_one_and_queue_the_other(make):
    first = make("first", weights="/nowhere.h5")  # from now on, processes are forks of one that has started
    jobs.start(first)
    wait_for(first)
    runs = [make("left", endless=True), make("right", endless=True)]
    fork = multiprocessing.get_context("fork")
    both = fork.Barrier(2)

    def start(run):
        both.wait(PATIENCE_S)
        jobs.start(run)

    starters = [fork.Process(target=start, args=(run,), daemon=True) for run in runs]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(PATIENCE_S)
        exit_code = starter.exitcode
        starter.kill()
        assert exit_code == 0
    wait_until(lambda: sorted(states(*runs)) == ["queued", "running"], PATIENCE_S)
    time.sleep(1)
    assert sorted(states(*runs)) == ["queued", "running"]


def test_a_killed_process_is_told_at_once_and_no_start_is_refused_afterwards(make):
    run = make("killed", endless=True)
    jobs.start(run)
    wait_until(lambda: run.process() is not None, PATIENCE_S)
    os.kill(run.process().pid, signal.SIGKILL)
    wait_until(lambda: run.status().state == "died", PATIENCE_S)
    wait_until(lambda: "SIGKILL" in run.status().message, PATIENCE_S)
    jobs.start(run)
    wait_until(lambda: run.status().state == "running" and len(run.epochs()) > 0, PATIENCE_S)
    with pytest.raises(UserError, match="is running"):
        jobs.start(run)


def test_a_run_survives_its_scheduler_and_the_next_one_goes_on(make, told_webhook):
    first, second = make("first", endless=True), make("second")
    jobs.start(first)
    wait_until(lambda: len(first.epochs()) > 0, PATIENCE_S)
    jobs.start(second)
    scheduler_of(first).kill()
    wait_until(lambda: not lock.is_held(jobs.scheduler_lock(first.path.parent)), PATIENCE_S)
    assert states(first, second) == ["running", "queued"]
    first.request_stop()
    wait_until(lambda: not jobs.is_active(first), PATIENCE_S)  # before the next scheduler starts
    jobs.ensure_scheduler(first.path.parent)
    wait_for(second)
    assert states(first, second) == ["stopped", "finished"]
    wait_until(lambda: len(told_webhook) == 2, PATIENCE_S)
    assert [ended["run"] for ended in told_webhook] == ["first", "second"]
    wait_until(lambda: not jobs.untold_run(first.path.parent).exists(), PATIENCE_S)  # it has answered


def test_a_run_deleted_as_soon_as_it_ended_holds_up_nobody(make):
    first, second = make("first", endless=True), make("second", weights="/nowhere.h5")
    jobs.start(first)
    wait_until(lambda: first.process() is not None, PATIENCE_S)
    scheduler = scheduler_of(first)
    with queue.locked(first.path.parent):  # so that it holds no lock which others would wait for
        scheduler.suspend()  # it has yet to see that the run ended
        wait_until(lambda: scheduler.status() == psutil.STATUS_STOPPED, PATIENCE_S)
    jobs.start(second)
    first.request_stop()
    wait_until(lambda: not jobs.is_active(first), PATIENCE_S)
    housekeeping.delete(first)
    with pytest.raises(UserError, match="The run first was deleted"):
        first.status()
    scheduler.resume()
    wait_for(second)
    assert second.status().state == "failed"


def test_what_does_not_end_in_time_is_killed_and_counts_as_stopped(make):
    run = make("stuck", endless=True)
    jobs.start(run)
    wait_until(lambda: len(run.epochs()) > 1, PATIENCE_S)
    suspend(run)
    asked = time.monotonic()
    assert jobs.stop(run).stopping
    wait_until(lambda: not jobs.is_active(run), PATIENCE_S)
    assert time.monotonic() - asked > 15
    wait_until(lambda: run.status().state == "stopped", PATIENCE_S)
    assert "did not end within 20 s" in run.status().message


def test_a_number_that_belongs_to_another_process_now_is_never_signalled():
    other = subprocess.Popen(["sleep", "60"])
    identity = ProcessIdentity.of(other.pid)
    stale = ProcessIdentity(other.pid, identity.started - 100)
    assert stale.process() is None and not stale.kill()
    assert other.poll() is None
    assert identity.kill()
    assert not psutil.pid_exists(other.pid)
    assert not identity.kill()


def test_only_what_ended_early_can_go_on(make):
    run = make("done")
    run.write_state(state="finished", started=1.0, ended=2.0)
    with pytest.raises(UserError, match="is finished"):
        jobs.start(run)
    assert open_run("done", run.path.parent).status().seconds == 1.0


def test_a_run_started_by_hand_takes_its_turn_and_no_other_trains_beside_it(make, capsys):
    run, other = make("by-hand", endless=True), make("other")
    process = detached.start(
        "core.training", str(run.path), log=run.path / "by-hand.txt", locks=(), environment=os.environ
    )
    wait_until(lambda: run.status().state == "running", PATIENCE_S)
    assert run.process().pid == process.pid
    assert train(str(other.path)) == 2 and "already training" in capsys.readouterr().err
    jobs.start(other)
    assert other.status().state == "queued"
    run.request_stop()
    assert process.wait() == 0
    wait_until(lambda: other.status().state == "finished", PATIENCE_S)
    assert other.status().started >= run.status().ended
