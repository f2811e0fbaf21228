"""Runs that wait for their turn: their names in order, in one file of the folder that keeps the runs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import atomic
from core.runs import lock


def waiting(folder: Path) -> list[str]:
    """Names in the order in which they will train."""
    try:
        return json.loads(_file(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []


@contextmanager
def changing(folder: Path) -> Iterator[list[str]]:
    """The names, to be changed in place; nobody else changes them meanwhile."""
    held = lock.wait_for(folder / ".queue.lock")
    try:
        names = waiting(folder)
        before = list(names)
        yield names
        if names != before:
            atomic.write_json(_file(folder), names)
    finally:
        os.close(held)


def add(folder: Path, name: str) -> None:
    """Put a run at the end, unless it waits already."""
    with changing(folder) as names:
        if name not in names:
            names.append(name)


def remove(folder: Path, name: str) -> bool:
    """Take a run out; whether it was waiting."""
    with changing(folder) as names:
        found = name in names
        names[:] = [other for other in names if other != name]
    return found


def move(folder: Path, name: str, places: int) -> None:
    """Let a run that waits go before others (`places` below 0) or after them."""
    with changing(folder) as names:
        if name in names:
            place = names.index(name)
            names.insert(min(max(place + places, 0), len(names) - 1), names.pop(place))


def clear(folder: Path) -> None:
    """Take all out."""
    with changing(folder) as names:
        names.clear()


def _file(folder: Path) -> Path:
    return folder / "queue.json"
