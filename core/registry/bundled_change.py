"""A new version of this software may bring another bundled model: readers are told where it answers.

bundled.json   in the registry's folder: the bundled model that an owner acknowledged, or the first one here
"""

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from core import atomic, config
from core.database import read_database
from core.errors import UserError
from core.inference import AvailableModel
from core.registry.storage import registry_folder
from core.sentence import Sentence

BEFORE = "bundled/3 (bf094802)"  # of versions that wrote no bundled.json
TRACES = ("audit.sqlite", "self-test/result.json")  # that such a version answered
LAST_RESULT = "SELECT model FROM answers WHERE model LIKE 'bundled/_ (%' ORDER BY rowid DESC LIMIT 1"


def bundled_change(model: AvailableModel) -> str:
    """What readers are told while the bundled model is not the one that was acknowledged; "" if it is.

    In a new home there is nothing to tell.
    """
    current = str(model.identity)
    acknowledged = _acknowledged(current)
    if acknowledged == current:
        return ""
    return Sentence(
        "This version of the software comes with another bundled model: {current} instead of {acknowledged}. "
        "Results for the same image may differ; its model card says how it was tested.",
        current=current,
        acknowledged=acknowledged,
    )


def save_acknowledged(model: AvailableModel) -> None:
    """Acknowledge this bundled model; raises UserError if that cannot be saved."""
    _save(str(model.identity))


def _acknowledged(current: str) -> str:
    """The bundled model that was acknowledged; at first, the one of before, which is saved."""
    try:
        return str(json.loads(_path().read_text(encoding="utf-8"))["model"])
    except FileNotFoundError:
        first = _before() or current
    except OSError:
        return current
    except (ValueError, TypeError, KeyError):  # damaged
        first = current
    with suppress(UserError):  # of a home that cannot be written
        _save(first)
    return first


def _before() -> str:
    """The bundled model that answered before there was a bundled.json; "" in a new home."""
    if not any((config.home() / trace).exists() for trace in TRACES):
        return ""
    with suppress(sqlite3.Error), closing(read_database(config.audit_log())) as database:
        if result := database.execute(LAST_RESULT).fetchone():
            return result[0]
    return BEFORE


def _save(identity: str) -> None:
    atomic.write_json(_path(), {"model": identity})


def _path() -> Path:
    return registry_folder() / "bundled.json"
