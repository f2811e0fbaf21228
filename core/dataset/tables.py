"""A table of images becomes a set: CSV with `path,label[,split][,patient]`, for data that look different."""

import hashlib
from pathlib import Path

import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.folder import SPLITS
from core.dataset.pixels import Progress
from core.dataset.sets import new_set, sets_folder
from core.errors import UserError

TEST_SHARE = 5  # one patient in five, where the table does not say


def import_table(file: Path, name: str, progress: Progress | None = None) -> Path:
    """Import the images that a table names, as copies. Without a split, a fifth of the patients test.

    Args:
        file: CSV; its paths are absolute or relative to its own folder.
        name: of the set.
        progress: called with (rows done, rows in all).

    Raises:
        UserError: a column is missing, a label or split unknown, or a file missing; the sentence names
            the row. Nothing is kept then.
    """
    file = Path(file).expanduser()
    table = _read(file)
    with new_set(name) as made:
        for done, row in enumerate(table.to_dict("records"), start=1):
            path = file.parent / row["path"]
            try:
                data = path.read_bytes()
            except OSError as error:
                raise UserError(
                    f"Row {done} of {file.name} names {row['path']}, which cannot be read: {error.strerror}."
                ) from error
            made.count_bytes(len(data))
            split = row["split"] or _split_of(row["patient"] or hashlib.sha256(data).hexdigest())
            made.add(split, row["label"], path.name, data, row["patient"])
            if progress and (done % 50 == 0 or done == len(table)):
                progress(done, len(table))
    return sets_folder() / name


def _read(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise UserError(f"There is no table {file}. Check the path.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file.name} is no CSV table that can be read. Save it as CSV in UTF-8.") from error
    table.columns = [column.strip().lower() for column in table.columns]
    missing = [column for column in ("path", "label") if column not in table.columns]
    if missing:
        raise UserError(
            f"{file.name} has no column {missing[0]!r} (it has {', '.join(table.columns)}); "
            "path and label are needed, split and patient may be there."
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
                f"Row {wrong[0] + 1} of {file.name} has the {column} {value!r}; known are "
                f"{', '.join(filter(None, known))}."
            )
    return table


def _split_of(patient: str) -> str:
    number = int(hashlib.sha256(patient.encode()).hexdigest()[:8], 16)
    return "test" if number % TEST_SHARE == 0 else "train"
