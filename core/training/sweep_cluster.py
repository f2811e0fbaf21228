"""Training the runs of a sweep on a Ray cluster whose nodes share the folders."""

import os
import time
from pathlib import Path

from core.cluster import connect
from core.config import processor
from core.errors import UserError
from core.runs import Run, jobs, kill_if_overdue, lock, start_process

POLL_S = 1.0


class ClusterTrainer:
    """Trains as many runs in parallel as the cluster has CPUs for.

    Args:
        address: of the cluster.
        cpus: per run.

    Raises:
        UserError: Ray is not installed, the cluster does not answer, or it is too small.
    """

    def __init__(self, address: str, cpus: int) -> None:
        ray = connect(address)
        self.parallel_trials = int(ray.cluster_resources().get("CPU", 0)) // cpus
        if not self.parallel_trials:
            raise UserError(f"The cluster at {address} has fewer than {cpus} CPUs; lower cpus.")
        self._train = ray.remote(num_cpus=cpus, max_retries=0)(train_here)
        self._cpus, self._tasks, self._ray = cpus, {}, ray

    def start(self, run: Run) -> None:
        """Submit a run to the cluster."""
        self._tasks[run.name] = self._train.remote(str(run.path), self._cpus)

    def is_busy(self, run: Run) -> bool:
        """Whether its task is running; a run whose node was lost is marked as died."""
        task = self._tasks.get(run.name)
        if task is None:
            return run.status().state in ("queued", "running")  # submitted by an earlier start
        if not self._ray.wait([task], timeout=0)[0]:
            return True
        try:
            self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            del self._tasks[run.name]
            if jobs.is_active(run):  # its process may outlive the worker that started it
                return True
            reason = str(error).splitlines()[0][:200]
            run.write_state(state="died", message=f"The cluster node was lost: {reason}")
        return False


def train_here(path: str, cpus: int) -> int:
    """Train a run to its end on this node, as a Ray task; returns the exit code of its process."""
    run = Run(Path(path))
    run_lock = lock.acquire(run.lock_path)
    if run_lock is None:
        return 0  # already training, submitted by an earlier start
    process = start_process(run, (run_lock,), processor.training_threads(cpus))
    os.close(run_lock)
    if process is None:
        return 1
    try:
        while process.poll() is None:
            kill_if_overdue(run)
            time.sleep(POLL_S)
    finally:
        process.kill()  # if the task is cancelled
    return process.wait()
