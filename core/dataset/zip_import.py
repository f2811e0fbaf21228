"""Importing a zip in the published layout at any depth, or one of local images.

Nothing is extracted by its own name.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.dataset.imported_sets import DatasetWriter, imported_folder, new_dataset
from core.dataset.layout import layout_reason, local_split_and_label, split_and_label
from core.dataset.pixels import Progress
from core.errors import UserError
from core.images import NESTED, ZIP_ERRORS, entry_chunks, image_entries, open_zip, shown, unreadable_zip
from core.roles import Role, takes
from core.sentence import Sentence

COPY = "the same image of the same name, split and class"


@takes(Role.TRAINER)
def import_zip(
    file: Path | BinaryIO, name: str, progress: Progress | None = None, local: bool = False
) -> Path:
    """Import the images of a zip as a new data set.

    The Kaggle archive holds everything twice (`chest_xray/chest_xray`) and `__MACOSX` files; each image is
    imported once. Bytes are counted as they are read, whatever the zip declares.

    Args:
        file: path or file object.
        name: of the new data set.
        progress: called with (entries done, entries in all).
        local: whether it holds a hospital's images to measure on: they need no split and no label.

    Returns:
        The folder of the data set.

    Raises:
        UserError: the file is not a zip, is cut short, encrypted or too large, has paths outside the zip,
            or lacks images of a class, which local images may. Nothing is imported then.
    """
    try:
        with open_zip(file) as archive, new_dataset(name, local) as writer:
            entries = list(image_entries(archive, writer.passed_over))
            outside = Counter[tuple[str, PurePosixPath]]()
            for done, (path, entry) in enumerate(entries, start=1):
                if not local and (reason := layout_reason(path.parts[:-1])):
                    outside[reason, path.parent] += 1
                else:
                    _add(writer, path, entry_chunks(archive, entry))
                if progress and (done % 50 == 0 or done == len(entries)):
                    progress(done, len(entries))
            for (reason, folder), count in outside.items():
                writer.passed_over.add(reason, f"{folder}/ ({count:,})", count)
            if not writer.count and NESTED in writer.passed_over.counts:
                raise UserError(
                    Sentence(
                        "The zip contains another zip and no images. Unpack it and import the inner one."
                    )
                )
    except ZIP_ERRORS as error:
        if isinstance(file, Path) and not file.is_file():
            raise UserError(
                Sentence("{file} does not exist or is not a file. Check the path.", file=shown(file))
            ) from error
        reason = str(unreadable_zip(file, "it")).removesuffix(".")
        raise UserError(
            Sentence(
                "{file} is not a zip that can be read; nothing was imported: {reason}.",
                file=_file_name(file),
                reason=reason,
            )
        ) from error
    return imported_folder() / name


def _add(writer: DatasetWriter, path: PurePosixPath, chunks: Iterator[bytes]) -> None:
    """Add an image in the published layout."""
    folders = (local_split_and_label if writer.local else split_and_label)(path.parts[:-1])
    assert folders is not None  # the layout was looked at before
    data = bytearray()
    for chunk in chunks:
        writer.count_bytes(len(chunk))
        data += chunk
    if not writer.add(*folders, path.name, bytes(data)):
        writer.passed_over.add(COPY, str(path))


def _file_name(file: Path | BinaryIO) -> str:
    return shown(Path(file if isinstance(file, Path) else getattr(file, "name", "The file")).name)
