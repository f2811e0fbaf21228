import os
import threading
import time

from benchmarks import studio_way
from benchmarks.studio_way import wait_until_ended
from core.config import TrainingSettings
from core.runs import create_run, jobs, lock, queue


def test_a_queued_run_without_a_process_is_waited_for(tmp_path, monkeypatch):
    """The scheduler starts the process only some time after the run was queued."""
    monkeypatch.setattr(studio_way, "POLL_S", 0.01)
    monkeypatch.setattr(jobs, "ensure_scheduler", lambda folder: None)
    run = create_run(TrainingSettings(), "queued", tmp_path / "runs", tmp_path / "models")
    queue.add(run.path.parent, run.name)
    waiting = threading.Thread(target=wait_until_ended, args=(run,), daemon=True)
    waiting.start()
    time.sleep(0.2)
    assert not jobs.is_active(run) and waiting.is_alive()
    held = lock.acquire(run.lock_path)  # as the scheduler does: lock, state, then the queue
    run.begin_attempt()
    queue.remove(run.path.parent, run.name)
    time.sleep(0.2)
    assert waiting.is_alive()
    run.write_state(state="finished", ended=time.time())
    time.sleep(0.2)
    assert waiting.is_alive()  # until the process has exited
    os.close(held)
    waiting.join(5)
    assert not waiting.is_alive()
