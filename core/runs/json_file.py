"""Reading the JSON files of a run's folder."""

import json
from pathlib import Path

from core.errors import UserError


def read_json(path: Path) -> dict:
    """Content of a JSON file; {} if the file does not exist."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def read_run_file(path: Path) -> dict:
    """Content of a JSON file that every run has.

    Raises:
        UserError: it is missing; the run was deleted since it was listed.
    """
    content = read_json(path)
    if not content:
        raise UserError(f"The run {path.parent.name} was deleted: it has no {path.name} any more.")
    return content
