"""Atomic writes of files and folders: temporary name, sync, rename."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from core.disk import explained

TEMPORARY = ".unfinished-"  # prefix of temporary names


@contextmanager
def replacing(path: Path, synced: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yield a temporary path beside `path`; if the block succeeds, it replaces `path`.

    The temporary file keeps the extension, because some writers depend on it. If the block fails, it is
    removed and an existing file at `path` stays untouched.

    Args:
        synced: called once the content is on disk, before it replaces `path`.

    Raises:
        UserError: the disk is full, or the folder is not writable.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f"{TEMPORARY}{path.stem}-", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise explained(error, path) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        synced()
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise explained(error, path) from error
    except RuntimeError as error:  # HDF5, when it closes a file that it could not write
        if isinstance(error.__context__, OSError):
            raise explained(error.__context__, path) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as indented JSON, atomically; paths that are not UTF-8 are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text.encode("utf-8", "backslashreplace").decode())


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold the lock beside a file that is read, changed and written: of two changes at once none is lost.

    Raises:
        UserError: the disk is full, or the folder is not writable.
    """
    from filelock import FileLock  # imported lazily: most processes change nothing

    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise explained(error, path) from error
    try:
        yield
    finally:
        lock.release()


def copy(source: Path, target: Path) -> None:
    """Give a finished file a second name by a hard link, or copy it if links are not supported."""
    with replacing(target) as temporary:
        temporary.unlink()
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, temporary)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; if the block succeeds it becomes `path`, else it is removed.

    Temporary folders beside it whose process was killed are removed, too: nobody holds their lock.

    Raises:
        OSError: the folder cannot be created, or a non-empty folder of that name exists by now.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(path.parent):  # so that no other process takes the new folder for an abandoned one
            for abandoned in path.parent.glob(f"{TEMPORARY}*/"):
                _remove_unless_locked(abandoned)
            temporary.mkdir()
            held.callback(shutil.rmtree, temporary, ignore_errors=True)
            held.enter_context(_locked(temporary))
        yield temporary
        os.rename(temporary, path)


@contextmanager
def _locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder, which ends with the process; raises BlockingIOError if not to wait."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_unless_locked(folder: Path) -> None:
    with suppress(BlockingIOError, FileNotFoundError), _locked(folder, wait=False):
        shutil.rmtree(folder, ignore_errors=True)


def clear_unfinished(folder: Path) -> None:
    """Delete temporary files and folders in and below `folder` that a killed process left behind."""
    for path in list(folder.rglob(f"{TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, on systems where a folder can be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
