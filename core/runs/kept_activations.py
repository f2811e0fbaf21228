"""Where runs keep the activations of frozen layers between them, how much that is, and clearing it."""

import os
from pathlib import Path

from core import config
from core.errors import UserError
from core.runs import lock
from core.runs.jobs import training_lock


def folder() -> Path:
    """The folder that all runs share."""
    return config.data_folder() / "features"


def size() -> int:
    """Bytes on disk."""
    if not folder().is_dir():
        return 0
    return sum(entry.stat().st_size for entry in os.scandir(folder()) if entry.is_file())


def clear() -> int:
    """Delete them; the next run computes anew what it needs.

    Returns:
        Bytes freed.

    Raises:
        UserError: a run is training and may be reading them.
    """
    turn = lock.acquire(training_lock(config.runs_folder()))
    if turn is None:
        raise UserError("A run is training on kept activations. Clear them when it has ended.")
    try:
        freed = size()
        for path in folder().glob("*"):
            path.unlink()
    finally:
        os.close(turn)
    return freed
