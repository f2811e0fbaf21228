"""The runs of a sweep on a Ray cluster whose nodes see the same folders."""

import os
import time
from pathlib import Path

from core.cluster import connect
from core.errors import UserError
from core.runs import Run, jobs, lock
from core.runs.scheduler import end_if_overdue, start_process

SECONDS_BETWEEN_LOOKS = 1.0


class Cluster:
    """Trains as many runs at once as the cluster has processors for.

    Args:
        address: of the cluster.
        cpus: of a run.

    Raises:
        UserError: Ray is not installed, there is no cluster there, or it is too small.
    """

    def __init__(self, address: str, cpus: int):
        ray = connect(address)
        self.at_once = int(ray.cluster_resources().get("CPU", 0)) // cpus
        if not self.at_once:
            raise UserError(f"The cluster at {address} has fewer than {cpus} processors; lower cpus.")
        self._train = ray.remote(num_cpus=cpus, max_retries=0)(train_here)
        self._cpus, self._tasks, self._ray = cpus, {}, ray

    def start(self, run: Run) -> None:
        """Hand a run to the cluster."""
        self._tasks[run.name] = self._train.remote(str(run.path), self._cpus)

    def is_busy(self, run: Run) -> bool:
        """Whether its task goes on; of a run whose node is gone it is written down that it died."""
        task = self._tasks.get(run.name)
        if task is None:
            return run.status().state in ("queued", "running")  # by a task of an earlier start
        if not self._ray.wait([task], timeout=0)[0]:
            return True
        try:
            self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            del self._tasks[run.name]
            if jobs.is_active(run):  # its process outlives the worker that started it
                return True
            reason = str(error).splitlines()[0][:200]
            run.write_state(state="died", message=f"Its place on the cluster was lost: {reason}")
        return False


def train_here(path: str, cpus: int) -> int:
    """Train a run to its end on this node; runs in a Ray worker."""
    run = Run(Path(path))
    own = lock.acquire(run.lock_path)
    if own is None:
        return 0  # it trains already: by a task of an earlier start
    threads = {name: str(cpus) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    process = start_process(run, (own,), threads)
    os.close(own)
    if process is None:
        return 1
    try:
        while process.poll() is None:
            end_if_overdue(run)
            time.sleep(SECONDS_BETWEEN_LOOKS)
    finally:
        process.kill()  # where the task itself is ended
    return process.returncode
