"""The column of a table that holds paths of images, and the files that its values mean."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

PATH_COLUMNS = ("path", "filepath", "imagepath", "file", "filename", "image", "imagefile", "img", "dicom")
IGNORED = str.maketrans("", "", " _-.")  # in the name of a column


def path_columns(names: list[str]) -> dict[int, int]:
    """Rank among `PATH_COLUMNS` of each column that has one of these names, by its number; 0 is the best."""
    plain = [name.casefold().translate(IGNORED).removesuffix("s") for name in names]
    return {index: PATH_COLUMNS.index(name) for index, name in enumerate(plain) if name in PATH_COLUMNS}


def existing_path(folder: Path, text: str) -> str:
    """A path as it is, or as it was meant, if a file of that name exists.

    Args:
        folder: that relative paths start from.
        text: absolute or relative path, as a table holds it.
    """
    meant = [text]
    if text.startswith("file:"):
        meant.append(unquote(urlsplit(text).path))
    if text.startswith("~"):
        meant.append(os.path.expanduser(text))
    if "\\" in text:
        meant.append(text.replace("\\", "/"))
    if not text.isascii():  # written by a program that takes all text for that of Western Windows
        raw = text.encode("utf-8", "surrogateescape")
        meant.append(raw.decode("cp1252", "replace"))
    return next((path for path in meant if os.path.lexists(folder / path)), text)
