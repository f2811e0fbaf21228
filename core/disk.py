"""Files on the disk: what tells a changed one, room for arrays that are mapped, failures in a sentence."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.sentence import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM)
NO_FOLDER = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP)
UNSUPPORTED = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)  # file systems that cannot reserve space
ZEROS = bytes(2**20)


def stamp(path: str | Path) -> tuple[str, int, int]:
    """Path, size and time of change, which tell a file from another one, or none, at its place."""
    try:
        status = os.stat(path)
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_size, status.st_mtime_ns


def new_array(path: Path, dtype: "DTypeLike", shape: tuple[int, ...]) -> "np.memmap":
    """Create an .npy file and map it for writing; its space is reserved first.

    Filling a mapped file that the disk has no room for ends the whole process with SIGBUS, which nothing
    can catch.

    Raises:
        UserError: the disk is full, or the folder is not writable.
    """
    import numpy as np  # imported lazily: most of this module needs none of it

    try:
        array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        _reserve(path)
    except OSError as error:
        if error.errno not in FULL:
            raise explained(error, path) from error
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        free = free_space(path.parent)
        raise UserError(
            Sentence(
                "The disk is full: {size} are needed, and {parent} has {free} free. Free some space and "
                "start again.",
                size=_size(size),
                parent=path.parent,
                free=_size(free),
            )
        ) from error
    return array


def require_room(folder: Path, size: int) -> None:
    """Raise UserError unless the disk of `folder`, which may not exist yet, has `size` bytes free."""
    if size > (free := free_space(folder)):
        raise UserError(
            Sentence(
                "The disk is full: {size} are needed, and {folder} has {free} free. Free some space, or "
                "choose another folder.",
                size=_size(size),
                folder=folder,
                free=_size(free),
            )
        )


def _reserve(path: Path) -> None:
    """Allocate every block of a sparse file that holds nothing but zeros after its first kibibyte."""
    size = path.stat().st_size
    with open(path, "rb+") as file:
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(file.fileno(), 0, size)
                return
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
        file.seek(min(size, 1024))
        while (left := size - file.tell()) > 0:
            file.write(ZEROS[:left])
        file.flush()
        os.fsync(file.fileno())


def explained(error: OSError, path: Path) -> Exception:
    """A UserError for a full disk or a folder that cannot be written; any other error unchanged.

    Args:
        error: met while `path` was written.
        path: of the file or folder.
    """
    if error.errno in FULL:
        return UserError(
            Sentence(
                "The disk is full: {path} could not be saved and is unchanged. {parent} has {free} "
                "free. Free some space and start again.",
                path=path,
                parent=path.parent,
                free=_size(free_space(path.parent)),
            )
        )
    reason = f"{(error.strerror or 'it failed').lower()} for {path.parent}"
    if error.errno == errno.EROFS:
        reason = "its file system is read-only"
    elif error.errno in FORBIDDEN:
        reason = f"no permission for {path.parent}"
    elif error.errno not in NO_FOLDER:
        return error
    return UserError(
        Sentence(
            "{path} cannot be written: {reason}. Choose another folder, or set PNEUMONIA_STUDIO_HOME "
            "to one where this user may write.",
            path=path,
            reason=reason,
        )
    )


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Raise errors of the block, which writes `path`, as `explained` puts them."""
    try:
        yield
    except OSError as error:
        raise explained(error, path) from error


def free_space(folder: Path) -> int:
    """Bytes that are free on the disk of a folder, which may not exist yet."""
    return shutil.disk_usage(existing_folder(folder)).free


def existing_folder(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def _size(count: int) -> str:
    """Bytes in words.

    >>> _size(3 * 2**30), _size(100)
    ('3.0 GiB', '1 MiB')
    """
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{-(-count // 2**20)} MiB"
