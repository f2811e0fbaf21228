"""Importing the images that a CSV table lists: `path,label[,split][,patient]`, in any layout."""

import hashlib
from pathlib import Path

import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.imported_sets import imported_folder, new_dataset
from core.dataset.layout import SPLITS
from core.dataset.pixels import Progress
from core.errors import UserError
from core.images import read_text_table, shown
from core.roles import Role, takes
from core.sentence import Sentence

NEEDED = {"path", "label"}  # columns
TEST_ONE_IN = 5  # patients, if the table has no split


@takes(Role.TRAINER)
def import_table(file: Path, name: str, progress: Progress | None = None) -> Path:
    """Copy the images that a table lists into a new data set.

    Without a split in the table, one patient in five is test.

    Args:
        file: CSV; its paths are absolute or relative to its own folder.
        name: of the new data set.
        progress: called with (rows done, rows in all).

    Returns:
        The folder of the data set.

    Raises:
        UserError: a column is missing, a label or split unknown, or a file missing; the message names
            the row. Nothing is imported then.
    """
    file = Path(file).expanduser()
    table = _read_table(file)
    with new_dataset(name) as writer:
        for done, row in enumerate(table.to_dict("records"), start=1):
            path = file.parent / row["path"]
            try:
                data = path.read_bytes()
            except OSError as error:
                raise UserError(
                    Sentence(
                        "Row {number} of {name} names {path}, which cannot be read: {reason}.",
                        number=done,
                        name=file.name,
                        path=row["path"],
                        reason=error.strerror,
                    )
                ) from error
            writer.count_bytes(len(data))
            split = row["split"] or _default_split(row["patient"] or hashlib.sha256(data).hexdigest())
            writer.add(split, row["label"], path.name, data, row["patient"])
            if progress and (done % 50 == 0 or done == len(table)):
                progress(done, len(table))
    return imported_folder() / name


def _read_table(file: Path) -> pd.DataFrame:
    try:
        rows = read_text_table(file, lambda rows: bool(rows) and len(NEEDED & _names(rows[0])))
    except FileNotFoundError:
        raise UserError(
            Sentence("The table {file} does not exist. Check the path.", file=shown(file))
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            Sentence(
                "{name} is not a CSV table that can be read. Save it as CSV in UTF-8.", name=shown(file.name)
            )
        ) from error
    if not rows:
        raise UserError(
            Sentence("{name} is not a CSV table that can be read: it is empty.", name=shown(file.name))
        )
    header = rows[0]
    values = [(row + [""] * len(header))[: len(header)] for row in rows[1:]]  # some rows end early or late
    table = pd.DataFrame(values, columns=header, dtype=str)
    table.columns = [column.strip().lower() for column in table.columns]
    missing = [column for column in ("path", "label") if column not in table.columns]
    if missing:
        raise UserError(
            Sentence(
                "{name} has no column {missing!r} (it has {choices}); path and label are required, split "
                "and patient are optional.",
                name=file.name,
                missing=missing[0],
                choices=", ".join(table.columns),
            )
        )
    for column in ("split", "patient"):
        table[column] = table[column].str.strip() if column in table.columns else ""
    table["label"] = table["label"].str.strip().str.upper()
    table["split"] = table["split"].str.lower()
    for column, known in (("label", CLASS_NAMES), ("split", ("", *SPLITS))):
        wrong = table.index[~table[column].isin(known)]
        if len(wrong):
            value = table.at[wrong[0], column]
            raise UserError(
                Sentence(
                    "Row {number} of {name} has the {column} {value!r}; valid are {choices}.",
                    number=wrong[0] + 1,
                    name=file.name,
                    column=column,
                    value=value,
                    choices=", ".join(filter(None, known)),
                )
            )
    return table


def _names(header: list[str]) -> set[str]:
    return {name.strip().lower() for name in header}


def _default_split(patient: str) -> str:
    number = int(hashlib.sha256(patient.encode()).hexdigest()[:8], 16)
    return "test" if number % TEST_ONE_IN == 0 else "train"
