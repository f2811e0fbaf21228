"""Walking a folder tree: links are followed but not in circles; what systems leave behind is passed over."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from core.images.contents import (
    HEAD_BYTES,
    HIDDEN,
    LINK,
    NOT_A_FILE,
    PassedOver,
    is_hidden,
    reason_to_pass_over,
)
from core.images.names import shown

LOOP = "a link to a folder around it"
UNREADABLE = "a folder that cannot be read"


def walk_folder(root: Path, passed_over: PassedOver) -> Iterator[tuple[Path, list[str]]]:
    """Each folder at or below `root` with the names of its files, both sorted.

    Hidden folders, those that cannot be read, and links to a folder that is being walked are added to
    `passed_over`.
    """
    linked_from: dict[Path, tuple[Path, ...]] = {root: ()}  # folders of the links on the way to a folder

    def unreadable(error: OSError) -> None:
        passed_over.add(UNREADABLE, f"{_below(root, Path(error.filename))}/")

    for name, subfolders, names in os.walk(root, onerror=unreadable, followlinks=True):
        folder = Path(name)
        on_the_way = linked_from.pop(folder)
        for subfolder in sorted(subfolders):
            path = folder / subfolder
            is_link = path.is_symlink()
            origins = (*on_the_way, folder.resolve()) if is_link else on_the_way
            loops = is_link and any(origin.is_relative_to(path.resolve()) for origin in origins)
            if loops or is_hidden(PurePosixPath(subfolder)):
                subfolders.remove(subfolder)
                passed_over.add(LOOP if loops else HIDDEN, f"{_below(root, path)}/")
            else:
                linked_from[path] = origins
        subfolders.sort()
        yield folder, sorted(names)


def reason_for_file(path: Path, below: PurePosixPath, on_medium: bool = False) -> str:
    """Why a file on disk is passed over; "" if it is an image.

    Args:
        path: of the file.
        below: the same below the folder that is read.
        on_medium: as for `reason_to_pass_over`.
    """
    if not path.is_file():
        return LINK if path.is_symlink() else NOT_A_FILE
    return reason_to_pass_over(below, partial(_head, path), on_medium)


def _head(path: Path) -> bytes:
    """The first bytes of a file; none if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _below(root: Path, path: Path) -> str:
    return shown(path.relative_to(root)) if path != root else shown(path)
