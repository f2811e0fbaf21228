"""The cache of frozen layers' activations, shared by all runs: where it is, its size, and clearing it."""

import os
import time
from contextlib import suppress
from pathlib import Path

from core import atomic, config
from core.errors import UserError
from core.roles import Role, takes
from core.runs import lock
from core.runs.jobs import training_lock
from core.sentence import Sentence

UNFINISHED_S = 24 * 3600.0  # no view of a data set takes so long


def folder() -> Path:
    """Folder of the cache."""
    return config.data_folder() / "features"


def size() -> int:
    """Bytes on disk."""
    if not folder().is_dir():
        return 0
    return sum(entry.stat().st_size for entry in os.scandir(folder()) if entry.is_file())


def clear_unfinished() -> None:
    """Delete what a process that was killed left behind; what another one may be writing is younger."""
    for path in folder().glob(f"{atomic.TEMPORARY}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > UNFINISHED_S:
                path.unlink()


@takes(Role.TRAINER)
def clear() -> int:
    """Delete the cache; the next run computes what it needs again.

    Returns:
        Bytes freed.

    Raises:
        UserError: a run is training and may be reading the cache.
    """
    descriptor = lock.acquire(training_lock(config.runs_folder()))
    if descriptor is None:
        raise UserError(
            Sentence("A run is training on cached activations. Clear the cache when it has ended.")
        )
    try:
        freed = size()
        for path in folder().glob("*"):
            path.unlink()
    finally:
        os.close(descriptor)
    return freed
