"""A new version of this software may bring another bundled model: it answers, and says so until that is read.

bundled.json   in the registry's folder: the bundled model that users of this home know
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

LAST_ANSWER = "SELECT model FROM answers WHERE model LIKE 'bundled/%' ORDER BY time DESC LIMIT 1"


def bundled_change(model: AvailableModel) -> str:
    """What to tell users of this home while the bundled model is another one than they know; "" if it is not.

    A home without bundled.json knows the model of the last result in the audit log, otherwise this one, which
    is saved.
    """
    known, current = _known(), str(model.identity)
    if not known:
        _try_to_save(current)
    if known in ("", current):
        return ""
    return Sentence(
        "The bundled model has changed with this version of the software: {current} answers, and no longer "
        "{known}. Results for the same image may differ. How it was tested stands in its model card.",
        current=current,
        known=known,
    )


def save_known(model: AvailableModel) -> None:
    """Users of this home know the bundled model from now on; raises UserError if that cannot be saved."""
    atomic.write_json(_path(), {"model": str(model.identity)})


def _known() -> str:
    """The model that users know; "" if there is none."""
    try:
        return str(json.loads(_path().read_text(encoding="utf-8"))["model"])
    except FileNotFoundError:
        return _last_answer()
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _last_answer() -> str:
    path = config.audit_log()
    if not path.exists():
        return ""
    try:
        with closing(read_database(path)) as database:
            answer = database.execute(LAST_ANSWER).fetchone()
    except sqlite3.Error:  # damaged, or of before 0.2.0: the pages that need it say so
        return ""
    return answer[0] if answer else ""


def _try_to_save(identity: str) -> None:
    with suppress(UserError):  # of a home that cannot be written
        atomic.write_json(_path(), {"model": identity})


def _path() -> Path:
    return registry_folder() / "bundled.json"
