"""The paths in a list of images: CSV or text as any program writes it, or Parquet."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pyarrow.dataset

from core.errors import UserError
from core.images import IMAGE_SUFFIXES, Rows, existing_path, path_columns, read_text_table, shown

SUFFIXES = {".csv", ".tsv", ".txt", ".parquet"}


def listed_paths(source: Path) -> Iterator[tuple[str, int]]:
    """Each path in a list and its size in bytes, -1 where there is no such file, in order.

    Paths are absolute or relative to the list's folder. Text needs no header; where it has one, or in
    Parquet, the column of paths is found by its name, else by the files that exist.

    Raises:
        UserError: no column holds paths, or the file is not a list.
    """
    for text in _in_parquet(source) if source.suffix.lower() == ".parquet" else _in_text(source):
        path = existing_path(source.parent, text)
        file = source.parent / path
        yield shown(path), file.stat().st_size if file.is_file() else -1


def _in_parquet(source: Path) -> Iterator[str]:
    rows = pyarrow.dataset.dataset(source, format="parquet")
    names = rows.schema.names
    ranks = path_columns(names)
    if not ranks and len(names) > 1:
        raise _no_column(source, names)
    column = min(ranks, key=lambda index: ranks[index]) if ranks else 0
    for batch in rows.to_batches(columns=[names[column]]):
        yield from (str(path) for path in batch.column(0).to_pylist() if path not in (None, ""))


def _in_text(source: Path) -> Iterator[str]:
    try:
        rows = read_text_table(source, lambda rows: _rating(source.parent, rows))
    except ValueError as error:
        raise UserError(
            f"{shown(source)} is not a list of paths: {error}. Save it as CSV in UTF-8."
        ) from error
    if not rows:
        raise UserError(f"{shown(source)} is empty. List one path per line.")
    column, header = _layout(source, rows)
    return (row[column] for row in rows[header:] if column < len(row) and row[column])


def _rating(folder: Path, rows: Rows) -> tuple[bool, int]:
    """How well rows are read: whether a column is named as one of paths, and how many files exist."""
    return bool(rows and path_columns(rows[0])), max(_files(folder, rows).values(), default=0)


def _layout(source: Path, rows: Rows) -> tuple[int, int]:
    """Number of the column of paths, and of the rows that are a header."""
    first, files = rows[0], _files(source.parent, rows)
    if ranks := path_columns(first):
        column = max(ranks, key=lambda index: (files.get(index, 0), -ranks[index]))
        if not _is_file(source.parent, first[column]):
            return column, 1
    if files:
        column = max(files, key=lambda index: files[index])
        has_header = column < len(first) and not _is_file(source.parent, first[column])
        return column, int(has_header and not _is_path(first[column]))
    column = next((index for index, value in enumerate(first) if _is_path(value)), 0)
    if len(first) > 1 and not _is_path(first[column]):
        raise _no_column(source, first)
    return column, 0


def _files(folder: Path, rows: Rows) -> dict[int, int]:
    """Number of existing files that the first rows name, for each column that names any."""
    counts: dict[int, int] = {}
    for row in rows[:100]:
        for index, value in enumerate(row):
            if _is_file(folder, value):
                counts[index] = counts.get(index, 0) + 1
    return counts


def _is_path(value: str) -> bool:
    return "/" in value or "\\" in value or PurePosixPath(value).suffix.lower() in IMAGE_SUFFIXES


def _is_file(folder: Path, value: str) -> bool:
    return bool(value) and (folder / existing_path(folder, value)).is_file()


def _no_column(source: Path, names: list[str]) -> UserError:
    columns = ", ".join(shown(name)[:40] for name in names[:10])
    return UserError(
        f"{shown(source)} has the columns {columns}, and none of them holds paths of files. "
        "Call the column of paths 'path'."
    )
