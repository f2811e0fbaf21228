import fcntl
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from short_runs import tiny_settings

from core import config
from core.errors import UserError
from core.runs import Run, create_run, housekeeping, jobs, list_runs, lock, open_run
from core.runs.training_process import TRAINING_ENVIRONMENT
from core.weights import read_record, update_record


@pytest.fixture
def run(tmp_path, demo):
    return create_run(tiny_settings(demo), "a-run", tmp_path / "runs", tmp_path / "models")


def test_a_new_run_keeps_its_settings(run, demo):
    assert open_run("a-run", run.path.parent).settings() == tiny_settings(demo)
    assert [other.name for other in list_runs(run.path.parent)] == ["a-run"]


@pytest.mark.parametrize("name", ["", "../up", "a b", "x" * 65, ".hidden"])
def test_names_that_are_no_names_are_refused(name, demo, tmp_path):
    with pytest.raises(UserError, match="not a valid run name|no run"):
        create_run(tiny_settings(demo), name or " ", tmp_path)
    with pytest.raises(UserError):
        open_run(name, tmp_path)


def test_a_name_is_given_once(run, demo):
    with pytest.raises(UserError, match="already"):
        create_run(tiny_settings(demo), "a-run", run.path.parent)


def test_history_is_appended_and_read_back(run):
    assert len(run.steps()) == 0
    run.append_steps([{"stage": 1, "epoch": 1, "step": 1, "loss": 0.5}, {"stage": 1, "step": 2}])
    run.append_steps([{"stage": 1, "epoch": 1, "step": 3, "loss": 0.25, "accuracy": 0.75}])
    assert run.steps()["step"].tolist() == [1, 2, 3]
    assert run.steps()["accuracy"].iloc[2] == 0.75


def test_a_run_whose_process_is_gone_without_an_exit_reason_has_died(run):
    run.write_state(state="running", started=1000.0)
    status, last_written = run.status(), (run.path / "state.json").stat().st_mtime
    assert status.state == "died" and "without an exit reason" in status.message
    assert status.seconds == last_written - 1000


def test_a_dead_run_may_change_until_its_scheduler_has_written_the_exit_reason(run):
    run.write_state(state="running", started=time.time() - 5)
    assert run.status().state == "died" and not jobs.may_change(run)
    scheduler = lock.acquire(jobs.scheduler_lock(run.path.parent))
    assert jobs.may_change(run)
    run.write_state(state="died", message="The training process was killed (SIGKILL).", ended=time.time())
    assert not jobs.may_change(run)
    os.close(scheduler)


def test_a_lock_tells_who_lives_and_is_free_after_a_kill(tmp_path):
    code = "import sys, time; from pathlib import Path; from core.runs import lock; "
    code += "lock.acquire(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    assert lock.is_held(path) and lock.acquire(path) is None
    holder.kill()
    holder.wait()
    assert not lock.is_held(path)
    os.close(lock.acquire(path))


def test_a_lock_is_taken_while_others_look_whether_it_is_held(tmp_path):
    """A run whose lock was only looked at must not be passed over as one that trains."""
    path = tmp_path / "lock"
    code = "import sys; from pathlib import Path; from core.runs import lock\n"
    code += "path = Path(sys.argv[1]); path.touch(); print('looking', flush=True)\n"
    code += "while True: lock.is_held(path)"
    looking = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        assert [process.stdout.readline() for process in looking] == [b"looking\n"] * 2
        for _ in range(100):
            held = lock.acquire(path)
            assert held is not None
            os.close(held)
    finally:
        for process in looking:
            process.kill()
            process.wait()


def test_a_lock_is_taken_although_somebody_who_looks_at_it_is_slow(tmp_path):
    path = tmp_path / "lock"
    path.touch()
    with open(path) as looked_at, ThreadPoolExecutor() as threads:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        taking = threads.submit(lock.acquire, path)
        with pytest.raises(TimeoutError):
            taking.result(2 * lock.PATIENCE_S)
        fcntl.flock(looked_at, fcntl.LOCK_UN)
        os.close(taking.result(60))


def test_a_run_keeps_its_name_and_records_where_the_new_name_is_taken(narrow_files, own_home, demo):
    run = Run(shutil.copytree(narrow_files / "narrow", config.runs_folder() / "mine"))
    update_record(run.weights_path(3), run="mine")
    create_run(tiny_settings(demo), "other")
    with pytest.raises(UserError, match="already a run other"):
        housekeeping.rename(run, "other")
    assert read_record(run.weights_path(3)).run == "mine"
    renamed = housekeeping.rename(run, "another")
    assert read_record(renamed.weights_path(3)).run == renamed.name == "another"


def test_the_name_of_a_bundled_run_is_taken(narrow_bundle, own_home, demo, run):
    with pytest.raises(UserError, match="already a run narrow"):
        create_run(tiny_settings(demo), "narrow")
    with pytest.raises(UserError, match="no run here trained"):
        create_run(tiny_settings(demo), "bundled")
    mine = create_run(tiny_settings(demo), "mine")
    with pytest.raises(UserError, match="already a run narrow"):
        housekeeping.rename(mine, "narrow")
    assert create_run(tiny_settings(demo), "narrow", run.path.parent).name == "narrow"  # nothing is beside it


def test_the_log_is_shown_without_tensorflows_notes(run):
    notes = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1796006667.153220   27224 port.cc:153] oneDNN custom operations are on.",
        "E0000 00:00:1796009041.703762   18647 cuda_platform.cc:52] failed call to cuInit: UNKNOWN (303)",
    )
    told = [
        "E0000 00:00:1796009041.703762   18647 cuda_platform.cc:52] failed call to cuInit: NO_DEVICE (100)",
        "In epoch 2 the loss became NaN.",
    ]
    run.log_path.write_text("\n".join([*notes, told[0], *notes, told[1], *notes]))
    assert run.log_tail().splitlines() == told and run.log_tail(1) == told[1]


@pytest.mark.slow
def test_tensorflows_errors_come_into_the_log_of_a_training_process(run):
    program = """
import tensorflow
for level in ("info", "warning", "error"):
    tensorflow.raw_ops.PrintV2(input=f"an {level}", output_stream=f"log({level})")
"""
    with run.log_path.open("w") as log:
        environment = {**os.environ, **TRAINING_ENVIRONMENT}
        subprocess.run([sys.executable, "-c", program], env=environment, stderr=log, check=True)
    assert [line.split("] ")[1] for line in run.log_tail().splitlines() if line] == ["an error"]
