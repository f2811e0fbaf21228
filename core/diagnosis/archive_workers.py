"""Who reads the shards: processes on this computer, or a Ray cluster; a film that kills one stops neither."""

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
from core.cluster import connect
from core.diagnosis.archive import Archive
from core.diagnosis.archive_shard import Job, journal, read_shard
from core.errors import UserError

SHARE_OF_A_CORE = 0.7  # what an actor asks for; whole ones starve the tasks that feed them


def locally(archive: Archive, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Read what is missing with processes of this computer.

    Args:
        workers: processes; they share the cores.

    Yields:
        Number of a shard and how many films it held, as shards are done, in any order.

    Raises:
        UserError: the model or the source is gone, or the disk is full; what is done stays.
    """
    threads = max(1, (os.cpu_count() or 1) // workers) if workers > 1 else 0
    jobs = [Job(archive.path, shard, threads) for shard in archive.missing()]
    own = threading.local()
    started: list[_Worker] = []

    def work(job: Job) -> tuple[int, int]:
        if not hasattr(own, "worker"):
            own.worker = _Worker()
            started.append(own.worker)
        return job.shard, own.worker.read(job)

    with ThreadPoolExecutor(workers, "shards") as pool:
        waiting = [pool.submit(work, job) for job in jobs]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in started:
                worker.end()


def on_ray(archive: Archive, workers: int, address: str) -> Iterator[tuple[int, int]]:
    """Read what is missing on a Ray cluster whose nodes see the same folders.

    Args:
        workers: actors at most, one thread each.
        address: of the cluster, as `ray.init` takes it.

    Yields:
        As `locally`.

    Raises:
        UserError: Ray is not installed or the cluster does not answer.
    """
    ray = connect(address)
    rows = [{"folder": str(archive.path), "shard": shard} for shard in archive.missing()]
    try:
        shards = ray.data.from_items(rows, override_num_blocks=max(1, len(rows)))
        done = shards.map(_Actor, num_cpus=SHARE_OF_A_CORE, concurrency=(1, workers))
        for row in done.iter_rows() if rows else ():
            yield row["shard"], row["films"]
    finally:
        ray.shutdown()


class _Actor:
    """What Ray starts on a node."""

    def __init__(self):
        self._worker = _Worker()

    def __call__(self, row: dict) -> dict:
        job = Job(Path(row["folder"]), row["shard"], threads=1)
        return {"shard": job.shard, "films": self._worker.read(job)}


class _Worker:
    """A process that reads shards, and another one when it dies."""

    def __init__(self):
        self._pool: ProcessPoolExecutor | None = None

    def read(self, job: Job) -> int:
        """How many films were read; one that ended the process twice, the second time alone, is left out."""
        while True:
            try:
                return self._running().submit(read_shard, job).result()
            except BrokenProcessPool:
                self.end()
                job = _after_death(job)

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not forked: the threads of OpenVINO and Arrow do not live on in a fork.
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _end_with_parent)
        return self._pool

    def end(self) -> None:
        """End the process; a shard that it has not finished is read again another time."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _after_death(job: Job) -> Job:
    """The same shard, one film at a time; without the one that ended the process alone."""
    if not job.alone:
        return replace(job, alone=True)
    try:
        return replace(job, killers=(*job.killers, int(journal(job).read_text())))
    except FileNotFoundError:
        raise UserError(
            "The process that reads films ends before it has read one. Is there memory for the model, "
            "1.2 GiB a worker?"
        ) from None


def _end_with_parent() -> None:
    """Let a process end when the one that started it is gone, however that ended."""

    def watch() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def read_archive(archive: Archive, workers: int = 1, cluster: str | None = None) -> Iterator[tuple[int, int]]:
    """Read what is missing, here or on a cluster; as `locally`.

    Raises:
        UserError: another process reads into the same folder; or as `locally` and `on_ray`.
    """
    try:
        with FileLock(archive.path / "lock", timeout=0):
            atomic.clear_unfinished(archive.path)
            yield from on_ray(archive, workers, cluster) if cluster else locally(archive, workers)
    except Timeout:
        raise UserError(f"Another process reads into {archive.path}. Wait for it, or end it.") from None
