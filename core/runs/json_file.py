"""Reading the JSON files of a run's folder."""

import json
from pathlib import Path


def read_json(path: Path) -> dict:
    """Content of a JSON file; {} if the file does not exist."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
