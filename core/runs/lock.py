"""Who is alive is told by a lock: the system frees it the moment its process ends, however it ends."""

import fcntl
import os
from pathlib import Path

INHERITED = "PNEUMONIA_STUDIO_LOCKED"  # set for a training process whose locks were taken for it


def acquire(path: Path) -> int | None:
    """Take the lock at `path`.

    Returns:
        A file descriptor; the lock is held until every copy of it is closed, also in child
        processes that inherit it. None when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def wait_for(path: Path) -> int:
    """Take the lock at `path` as soon as nobody else holds it; a file descriptor as from `acquire`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # A shared lock, so that two who look at once do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
