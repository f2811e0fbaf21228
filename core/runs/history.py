"""A run's history: two CSV files that are appended to while it trains and cut back when it resumes."""

import os
from pathlib import Path

import pandas as pd

from core import atomic

STEPS = ("stage", "epoch", "step", "seconds", "loss", "accuracy", "images_per_second")
EPOCHS = (
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
    """Add rows; what they do not know stays empty. On disk when it returns."""
    lines = [] if path.exists() else [",".join(columns)]
    lines += [",".join(_cell(row.get(column)) for column in columns) for row in rows]
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """All rows; none before the first. A line that was cut short is passed over."""
    try:
        table = pd.read_csv(path, on_bad_lines="skip")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return pd.DataFrame(columns=list(columns))
    return table.reindex(columns=list(columns))


def cut_back(path: Path, columns: tuple[str, ...], stage: int, reached: tuple[int, int]) -> None:
    """Drop the rows of `stage` behind what was `reached`, and lines that were cut short.

    Args:
        reached: finished epochs, and steps of the epoch that had begun.
    """
    if not path.exists():
        return
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if _is_before(line.split(","), columns, stage, reached)]
    if kept != lines:
        atomic.write_text(path, "\n".join([header, *kept]) + "\n")


def _is_before(cells: list[str], columns: tuple[str, ...], stage: int, reached: tuple[int, int]) -> bool:
    if len(cells) != len(columns):
        return False
    row = dict(zip(columns, cells, strict=True))
    if int(row["stage"]) != stage:
        return True
    epochs, steps = reached
    return int(row["epoch"]) <= epochs or (
        int(row["epoch"]) == epochs + 1 and int(row.get("step", steps + 1)) <= steps
    )


def _cell(value) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
