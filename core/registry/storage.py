"""The registry on disk.

active.json            which model answers, those before it, and the event that made it active
disagreements.json     models that no longer give the recorded probabilities of their golden images
models/NAME-VERSION/   a registered version, never changed: weights, model.json, reference.npz, golden.npz,
                       predictions, and the other stages' weights, which its second opinions compare with,
                       or members/NUMBER/ with weights and reference of each member of an ensemble
log.sqlite             every promotion, rollback, retirement, operating point, ensemble and shadow: who, when,
                       why
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core import atomic, config
from core.errors import UserError
from core.runs import lock
from core.sentence import Sentence

PROMOTE = "python -m core models promote NAME"  # what helps from a terminal where no model can answer
BUNDLED = "bundled"  # in place of a version: the bundled model, which has no folder in the registry


@dataclass(frozen=True)
class ActiveState:
    """Content of active.json: replacing the file is what makes a model active.

    Attributes:
        version: folder of the active version below `models/`, or `bundled`.
        before: the versions that were active before it, the last one at the end.
        event: the entry of the log that belongs to it, as plain values.
        notice: what readers are told until an owner has acknowledged it; "" then.
    """

    version: str = BUNDLED
    before: tuple[str, ...] = ()
    event: dict[str, Any] = field(default_factory=dict)
    notice: str = ""


def registry_folder() -> Path:
    """Folder of the registry."""
    return config.home() / "registry"


def version_folder(version: str) -> Path:
    """Folder of a registered version."""
    return registry_folder() / "models" / version


def folder_name(name: str, version: int | str) -> str:
    """Name of the folder of a version of a model."""
    return f"{name.replace('/', '-')}-{version}"


def next_version(name: str) -> int:
    """The version that a model of this name gets next; one whose files cannot be read counts, too."""
    folder = re.compile(
        re.escape(folder_name(name, "")) + r"(\d+)"
    )  # `seed-3-1`, not `seed-3-1-2` of another
    folders = (folder.fullmatch(path.name) for path in (registry_folder() / "models").glob("*"))
    return 1 + max((int(match[1]) for match in folders if match), default=0)


def read_active() -> ActiveState | None:
    """Which model is active; None if nobody has decided yet.

    Raises:
        UserError: the file is damaged.
    """
    path = registry_folder() / "active.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ActiveState(**{**content, "before": tuple(content["before"])})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            Sentence(
                "{path} cannot be read: {error}. Promote a model on the Comparison page to replace it.",
                path=path,
                error=str(error),
            ),
            command=PROMOTE,
        ) from error


def current_state() -> ActiveState:
    """Which model is active: the bundled one if nobody has decided, or if active.json is damaged."""
    try:
        return read_active() or ActiveState()
    except UserError:  # `active_model` says so in every answer; a promotion replaces the file
        return ActiveState()


def write_active(state: ActiveState) -> None:
    """Replace active.json; raises UserError if the disk is full or not writable, and nothing changes."""
    atomic.write_json(registry_folder() / "active.json", asdict(state))


@contextmanager
def changing() -> Iterator[None]:
    """Hold the registry for a change.

    Raises:
        UserError: another process is changing it, or its folder cannot be written.
    """
    descriptor = lock.acquire(registry_folder() / ".lock")
    if descriptor is None:
        raise UserError(
            Sentence("Another promotion is under way. Wait a moment and look at the models again.")
        )
    try:
        yield
    finally:
        os.close(descriptor)
