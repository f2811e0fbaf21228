"""Workers of a batch job: processes on this computer, or actors on a Ray cluster."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context, parent_process
from pathlib import Path

from filelock import FileLock, Timeout

from core import atomic
from core.batch.job import BatchJob
from core.batch.shard import ShardTask, journal_path, process_shard
from core.cluster import connect
from core.config import processor
from core.errors import UserError

CPUS_PER_ACTOR = 0.7  # whole CPUs would starve Ray's own tasks that feed the actors


def run_batch(job: BatchJob, workers: int = 1, cluster: str | None = None) -> Iterator[tuple[int, int]]:
    """Process the missing shards on this computer or on a Ray cluster.

    Args:
        workers: number of processes, or the largest number of Ray actors.
        cluster: HOST:PORT of a Ray cluster; None for this computer.

    Yields:
        Number of each finished shard and how many images it had, in any order.

    Raises:
        UserError: another process works on the same job; or as `run_locally` and `run_on_ray`.
    """
    try:
        with FileLock(job.path / "lock", timeout=0):
            atomic.clear_unfinished(job.path)
            yield from run_on_ray(job, workers, cluster) if cluster else run_locally(job, workers)
    except Timeout:
        raise UserError(f"Another process writes to {job.path}. Wait until it ends, or stop it.") from None


def run_locally(job: BatchJob, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Process the missing shards with processes that share the cores of this computer; yields as `run_batch`.

    Raises:
        UserError: the model or the source is gone, or the disk is full; finished shards are kept.
    """
    threads = max(1, processor.cores() // workers) if workers > 1 else 0
    tasks = [ShardTask(job.path, shard, threads) for shard in job.missing_shards()]
    thread_local = threading.local()
    started: list[_Worker] = []

    def process(task: ShardTask) -> tuple[int, int]:
        if not hasattr(thread_local, "worker"):
            thread_local.worker = _Worker()
            started.append(thread_local.worker)
        return task.shard, thread_local.worker.process(task)

    with ThreadPoolExecutor(workers, "shards") as pool:
        futures = [pool.submit(process, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in started:
                worker.end()


def run_on_ray(job: BatchJob, workers: int, address: str) -> Iterator[tuple[int, int]]:
    """Process the missing shards on a Ray cluster whose nodes share a file system; yields as `run_batch`.

    Args:
        workers: largest number of actors; each has one thread.
        address: HOST:PORT of the cluster.

    Raises:
        UserError: Ray is not installed or the cluster does not answer.
    """
    ray = connect(address)
    rows = [{"folder": str(job.path), "shard": shard} for shard in job.missing_shards()]
    try:
        shards = ray.data.from_items(rows, override_num_blocks=max(1, len(rows)))
        finished = shards.map(_Actor, num_cpus=CPUS_PER_ACTOR, concurrency=(1, workers))
        for row in finished.iter_rows() if rows else ():
            yield row["shard"], row["images"]
    finally:
        ray.shutdown()


class _Actor:
    """The class that Ray instantiates on a node."""

    def __init__(self) -> None:
        self._worker = _Worker()

    def __call__(self, row: dict) -> dict:
        task = ShardTask(Path(row["folder"]), row["shard"], threads=1)
        return {"shard": task.shard, "images": self._worker.process(task)}


class _Worker:
    """A process that works on shards; it is replaced when it crashes."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def process(self, task: ShardTask) -> int:
        """Number of images processed; an image that crashes the process twice is skipped."""
        while True:
            try:
                return self._running_pool().submit(process_shard, task).result()
            except BrokenProcessPool:
                self.end()
                task = _after_crash(task)

    def _running_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Spawned: threads of OpenVINO and Arrow do not survive a fork.
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _end_with_parent)
        return self._pool

    def end(self) -> None:
        """End the process; a shard that it has not finished is processed again at the next start."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _after_crash(task: ShardTask) -> ShardTask:
    """The same shard one image at a time, without an image that crashed the process on its own."""
    if not task.one_by_one:
        return replace(task, one_by_one=True)
    try:
        index = int(journal_path(task).read_text())
    except FileNotFoundError:
        raise UserError(
            "The worker process ends before it has read an image. It may lack memory for the model: "
            "1.2 GiB per worker."
        ) from None
    return replace(task, crashing=(*task.crashing, index))


def _end_with_parent() -> None:
    """End this process as soon as its parent is gone, however the parent ended."""

    parent = parent_process()

    def watch() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
