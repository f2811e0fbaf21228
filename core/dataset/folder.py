"""Listing the images of a folder in the published layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.dataset.layout import LAYOUT, layout_reason, names_a_layout, split_and_label
from core.errors import UserError
from core.images import (
    HIDDEN,
    PassedOver,
    is_hidden,
    reason_for_file,
    shown,
    walk_folder,
)
from core.sentence import Sentence, joined

NO_LAYOUT = Sentence("contains no images in the expected layout: {layout}.", layout=LAYOUT)
COPY = "the same image in an inner folder of the same layout"
EDGE = 4096  # bytes at either end, by which copies are recognised


@dataclass(frozen=True)
class ImageFile:
    """A file that has not been read yet, as the file system describes it."""

    path: str  # relative to the root, with forward slashes, as `core.images.shown` writes it
    split: str
    label: str
    bytes: int
    modified: int  # nanoseconds


def layout_root(root: Path) -> Path:
    """The folder with the published layout: `root`, or the only folder in it, and so on; else `root`.

    Raises:
        UserError: the folder is missing or cannot be read.
    """
    try:
        if not root.exists():
            raise UserError(Sentence("The folder {root} does not exist. Check the path.", root=shown(root)))
        if not root.is_dir():
            raise UserError(
                Sentence(
                    "{root} is a file, not a folder. Give the folder that contains train/ and test/.",
                    root=shown(root),
                )
            )
        inner = root
        while not _has_layout(inner):
            folders = _folders(inner)
            if len(folders) != 1:
                return root
            inner = folders[0]
        return inner
    except OSError as error:
        raise UserError(
            Sentence("{root} cannot be read: {reason}.", root=shown(root), reason=error.strerror)
        ) from error


def list_image_files(
    root: Path, own_files: frozenset[str] = frozenset()
) -> tuple[list[ImageFile], PassedOver]:
    """Every image in the published layout below `root`, sorted by path, and what is passed over.

    A file in a folder of a class is an image if its name or its content says so.

    Args:
        root: of `layout_root`.
        own_files: names of files in `root` that belong to the data set and are not images.

    Raises:
        UserError: the folder cannot be read, or is in another layout.
    """
    passed_over = PassedOver()
    try:
        if not _has_layout(root):
            raise UserError(joined([shown(root), NO_LAYOUT, _hint(root)], " "))
        files = sorted(_images(root, own_files, passed_over), key=lambda file: file.path)
    except OSError as error:
        raise UserError(
            Sentence("{root} cannot be read: {reason}.", root=shown(root), reason=error.strerror)
        ) from error
    if not files:
        raise UserError(joined([shown(root), NO_LAYOUT, *passed_over.sentences()], " "))
    return files, passed_over


def _images(root: Path, own_files: frozenset[str], passed_over: PassedOver) -> Iterator[ImageFile]:
    for folder, names in walk_folder(root, passed_over):
        relative = PurePosixPath(folder.relative_to(root).as_posix())
        if names and (reason := layout_reason(relative.parts)):
            _pass_over_folder(
                reason, relative, [name for name in names if name not in own_files], passed_over
            )
            continue
        for name in names:
            path = folder / name
            if reason := reason_for_file(path, relative / name) or _copy_reason(root, path):
                passed_over.add(reason, shown(relative / name))
                continue
            folders, status = split_and_label(relative.parts), path.stat()
            assert folders is not None  # there is no reason
            yield ImageFile(shown(relative / name), *folders, status.st_size, status.st_mtime_ns)


def _pass_over_folder(
    reason: str, relative: PurePosixPath, names: list[str], passed_over: PassedOver
) -> None:
    """Pass over all files of a folder: by the folder's name, or by theirs if they are in the root."""
    if relative.parts and names:
        passed_over.add(reason, f"{shown(relative)}/ ({len(names):,})", len(names))
        return
    for name in names:
        passed_over.add(HIDDEN if is_hidden(PurePosixPath(name)) else reason, shown(name))


def _copy_reason(root: Path, path: Path) -> str:
    """Whether a file repeats one of an outer layout, as in the Kaggle archive, which contains itself."""
    parts = path.relative_to(root).parts
    start = next(index for index, name in enumerate(parts) if names_a_layout(name))
    outer = root.joinpath(*parts[start:])
    if start == 0 or not outer.is_file() or outer.stat().st_size != path.stat().st_size:
        return ""
    end = max(0, path.stat().st_size - EDGE)
    same = all(_read(path, position) == _read(outer, position) for position in (0, end))
    return COPY if same else ""


def _read(path: Path, start: int) -> bytes:
    """The bytes of a file from a position on, as many as tell copies; none if it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(EDGE)
    except OSError:
        return b""


def _has_layout(folder: Path) -> bool:
    return any(names_a_layout(inner.name) for inner in _folders(folder))


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without hidden ones, sorted."""
    paths = [path for path in folder.iterdir() if not is_hidden(PurePosixPath(path.name))]
    return sorted(path for path in paths if path.is_dir())


def _hint(root: Path) -> Sentence:
    """A suggestion where a folder in `root` has the layout, else what there is."""
    folders = _folders(root)
    for inner in folders:
        if _has_layout(inner):
            return Sentence("Did you mean {folder}?", folder=shown(inner))
    names = ", ".join(f"{shown(inner.name)}/" for inner in folders[:10])
    return Sentence("Its folders are {names}.", names=names) if names else Sentence("It has no folders.")
