"""The queue: names of the runs to train next, in order, in one file of the folder of runs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import atomic
from core.roles import Role, takes
from core.runs import lock


def names(folder: Path) -> list[str]:
    """Names of the queued runs, the next one first."""
    try:
        return json.loads(_file(folder).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def locked(folder: Path) -> Iterator[list[str]]:
    """The names, to be changed in place while no other process can change them."""
    descriptor = lock.wait_for(folder / ".queue.lock")
    try:
        queued = names(folder)
        before = list(queued)
        yield queued
        if queued != before:
            atomic.write_json(_file(folder), queued)
    finally:
        os.close(descriptor)


def add(folder: Path, name: str) -> None:
    """Append a run, unless it is queued already."""
    with locked(folder) as queued:
        if name not in queued:
            queued.append(name)


@takes(Role.TRAINER)
def remove(folder: Path, name: str) -> bool:
    """Remove a run; returns whether it was queued. Nothing is written if it was not."""
    if name not in names(folder):
        return False
    with locked(folder) as queued:
        was_queued = name in queued
        queued[:] = [other for other in queued if other != name]
    return was_queued


@takes(Role.TRAINER)
def move(folder: Path, name: str, offset: int) -> None:
    """Move a queued run towards the front (`offset` below 0) or the end."""
    with locked(folder) as queued:
        if name in queued:
            position = queued.index(name)
            queued.insert(min(max(position + offset, 0), len(queued) - 1), queued.pop(position))


@takes(Role.TRAINER)
def clear(folder: Path) -> None:
    """Remove all runs from the queue."""
    with locked(folder) as queued:
        queued.clear()


def _file(folder: Path) -> Path:
    return folder / "queue.json"
