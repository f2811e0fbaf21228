"""A run's history: two CSV files, appended to while it trains and truncated when it resumes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core import atomic

if TYPE_CHECKING:
    import pandas as pd

STEP_COLUMNS = ("stage", "epoch", "step", "seconds", "loss", "accuracy", "images_per_second")
EPOCH_COLUMNS = (
    "stage",
    "epoch",
    "seconds",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "val_tn",
    "val_fp",
    "val_fn",
    "val_tp",
    "learning_rate",
    "best",
)


def append(path: Path, columns: tuple[str, ...], rows: list[dict]) -> None:
    """Append rows and flush them to disk; missing columns stay empty."""
    lines = [] if path.exists() else [",".join(columns)]
    lines += [",".join(_cell(row.get(column)) for column in columns) for row in rows]
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """All rows; none before the first. Incomplete lines are skipped."""
    import pandas as pd  # imported lazily: answers need no tables

    try:
        table = pd.read_csv(path, on_bad_lines="skip")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return pd.DataFrame(columns=list(columns))
    return table.reindex(columns=list(columns))


def truncate(path: Path, columns: tuple[str, ...], stage: int, position: tuple[int, int]) -> None:
    """Drop the rows of `stage` after `position`, and incomplete lines.

    Args:
        position: finished epochs, and finished steps of the next epoch.
    """
    if not path.exists():
        return
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    remaining = [line for line in lines if _is_before(line.split(","), columns, stage, position)]
    if remaining != lines:
        atomic.write_text(path, "\n".join([header, *remaining]) + "\n")


def _is_before(cells: list[str], columns: tuple[str, ...], stage: int, position: tuple[int, int]) -> bool:
    if len(cells) != len(columns):
        return False
    row = dict(zip(columns, cells, strict=True))
    if int(row["stage"]) != stage:
        return True
    epochs, steps = position
    return int(row["epoch"]) <= epochs or (
        int(row["epoch"]) == epochs + 1 and int(row.get("step", steps + 1)) <= steps
    )


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
