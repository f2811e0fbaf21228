"""A hospital's table of images: its columns of paths, labels, patients, ages and groups.

Only those that are asked for and ages are kept. A patient is kept as a digest.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

import pandas as pd

from core.disk import stamp
from core.errors import UserError
from core.images import existing_path, path_columns, read_text_table, shown
from core.sentence import Sentence
from core.site.groups import HEADER_GROUPS, group_column
from core.site.labels import LabelWords, folder_label
from core.site.table_patients import AGE, patient_digest, table_ages

FOLDERS = "folders"  # as the column of labels: the folders that the files are in
READERS = "readers"  # as the column of labels: what readers said in the app
LABEL, PATIENT = "label", "patient"
TABLES = {".csv", ".tsv", ".txt"}


def table_columns(source: Path) -> list[str]:
    """Names of a table's columns, as they stand there; [] for a folder.

    Raises:
        UserError: the table cannot be read.
    """
    source = Path(source).expanduser()
    return list(_read(source).columns) if source.suffix.lower() in TABLES and source.is_file() else []


def table_path(source: Path) -> Path:
    """The path itself; raises UserError if it is no table."""
    if not source.exists():
        raise UserError(Sentence("{source} does not exist. Check the path.", source=shown(source)))
    if source.suffix.lower() not in TABLES or not source.is_file():
        tables = ", ".join(sorted(TABLES))
        raise UserError(
            Sentence(
                "{source} is neither a folder nor a table ({tables}). Unpack a zip first.",
                source=shown(source),
                tables=tables,
            )
        )
    return source


def table_rows(
    source: Path, labels: str, patient: str | None, groups: Sequence[str], words: LabelWords
) -> tuple[pd.DataFrame, list[str]]:
    """A row for each image, with the columns of `LocalImages.table`; what could not be read, in sentences.

    Args:
        source: of `table_path`.
        labels, patient, groups, words: as for `core.site.open_local_images`.

    Raises:
        UserError: the table cannot be read, or a column is missing.
    """
    table = _read(source)
    ranks = path_columns(list(table.columns))
    if not ranks:
        raise UserError(
            Sentence(
                "{name} has no column of paths (it has {table}). Call it 'file'.",
                name=shown(source.name),
                table=_listed(table),
            )
        )
    paths = table.iloc[:, min(ranks, key=lambda index: ranks[index])]
    names = [existing_path(source.parent, path) for path in paths]
    rows = pd.DataFrame({"file": [str(source.parent / name) for name in names]})
    if labels == FOLDERS:
        rows[LABEL] = [folder_label(PurePosixPath(name.replace("\\", "/"))) for name in names]
    elif labels == READERS:
        rows[LABEL] = ""
    else:
        rows[LABEL] = words.read(list(_column(table, labels, source)), labels)
    known_patient = patient or (PATIENT if PATIENT in map(str.lower, table.columns) else None)
    rows[PATIENT] = (
        [patient_digest(value) for value in _column(table, known_patient, source)] if known_patient else ""
    )
    rows[AGE], notes = table_ages(table)
    present = {name.lower() for name in table.columns}
    check_groups(groups, present, source)
    for group in groups:
        values = list(_column(table, group, source)) if group.lower() in present else ""
        rows[group_column(group)] = values
    return rows, notes


def check_groups(groups: Sequence[str], columns: set[str], source: Path) -> None:
    """Raises UserError for a group that neither the table nor a DICOM header can give."""
    for group in groups:
        if group.lower() not in columns and group.lower() not in HEADER_GROUPS:
            raise UserError(
                Sentence(
                    "{name} has no column {group!r}, and DICOM headers give only {choices}. Name another "
                    "group.",
                    name=shown(source.name),
                    group=group,
                    choices=", ".join(HEADER_GROUPS),
                )
            )


def _read(source: Path) -> pd.DataFrame:
    """All of a table as text; cached until its size or time of change differ."""
    return _parsed(*stamp(source))


@lru_cache(maxsize=2)
def _parsed(path: str, _size: int, _modified: int) -> pd.DataFrame:
    source = Path(path)
    try:
        rows = read_text_table(source, lambda rows: bool(rows) and bool(path_columns(rows[0])))
    except (OSError, ValueError) as error:
        raise UserError(
            Sentence(
                "{source} is not a table that can be read: {error}. Save it as CSV.",
                source=shown(source),
                error=str(error),
            )
        ) from error
    if len(rows) < 2:
        raise UserError(
            Sentence("{source} has no rows. List one image per row, below a header.", source=shown(source))
        )
    header = rows[0]
    values = [(row + [""] * len(header))[: len(header)] for row in rows[1:]]  # some rows end early or late
    return pd.DataFrame(values, columns=header, dtype=str)


def _column(table: pd.DataFrame, name: str, source: Path) -> pd.Series:
    """A column by its name; case is ignored where no column has exactly that name."""
    exact = [index for index, column in enumerate(table.columns) if column == name]
    alike = [index for index, column in enumerate(table.columns) if column.lower() == name.lower()]
    if not exact and not alike:
        raise UserError(
            Sentence(
                "{table} has no column {column!r}; it has {columns}.",
                table=shown(source.name),
                column=name,
                columns=_listed(table),
            )
        )
    return table.iloc[:, (exact or alike)[0]]


def _listed(table: pd.DataFrame) -> str:
    return ", ".join(shown(name)[:40] for name in table.columns[:20])
