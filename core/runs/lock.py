"""File locks that show which processes are alive: the system releases them however a process ends."""

import fcntl
import os
import time
from pathlib import Path

from core.disk import explaining

PATIENCE_S = 0.2  # for a process that holds a lock
LOOK_PATIENCE_S = 10.0  # for those that merely look at it: far longer than they do, even when overloaded
RETRY_S = 0.005


def acquire(path: Path, patience_s: float = PATIENCE_S) -> int | None:
    """Take the lock at `path`.

    Args:
        path: of the lock; created if missing.
        patience_s: how long to wait for a process that holds it, in seconds. Those that are merely looking at
            it by `is_held` are waited for, up to `LOOK_PATIENCE_S`.

    Returns:
        A file descriptor; the lock is held until every copy of it is closed, also in child
        processes that inherit it. None if another process holds it.

    Raises:
        UserError: the lock cannot be created in its folder.
    """
    descriptor, started = _opened(path), time.monotonic()
    while not _taken(descriptor, fcntl.LOCK_EX):
        patience = patience_s if is_held(path) else LOOK_PATIENCE_S
        if time.monotonic() - started > patience:
            os.close(descriptor)
            return None
        time.sleep(RETRY_S)
    return descriptor


def wait_for(path: Path) -> int:
    """Wait for the lock at `path` and take it; returns a file descriptor as `acquire` does."""
    descriptor = _opened(path)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        # A shared lock, so that two simultaneous checks do not take each other for the holder.
        return not _taken(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    with explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _taken(descriptor: int, kind: int) -> bool:
    """Whether the lock could be taken at once; `kind` is exclusive or shared."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
