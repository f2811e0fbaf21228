"""Reading the JSON files of a run's folder."""

import json
from pathlib import Path

from core.errors import UserError
from core.sentence import Sentence


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
        raise UserError(
            Sentence(
                "The run {name} was deleted: it has no {file} any more.",
                name=path.parent.name,
                file=path.name,
            )
        )
    return content
