"""Creating, opening and listing runs."""

import errno
import re
import time
import unicodedata
from pathlib import Path

from core import atomic, config
from core.config import TrainingSettings
from core.disk import explained
from core.errors import UserError
from core.roles import Role, takes
from core.runs.folder import Run
from core.runs.status import NOT_STARTED
from core.sentence import Sentence

MAX_NAME = 64  # characters
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")

RESERVED = ("bundled", "published")  # in names of models, in place of a run's


@takes(Role.TRAINER)
def create_run(
    settings: TrainingSettings,
    name: str | None = None,
    folder: Path | None = None,
    model_folder: Path | None = None,
    publish: bool = True,
) -> Run:
    """Create a run's folder with its settings; training does not start yet.

    Args:
        settings: what to train.
        name: letters, digits, `.`, `_` and `-`; None derives one from preset and time.
        folder: where runs are kept; None for the default folder.
        model_folder: where finished stages publish their weights; None for the default folder.
        publish: whether they do.

    Raises:
        UserError: the name is taken, also by a bundled run, or not allowed, or the folder cannot be written.
    """
    folder = Path(folder or config.runs_folder()).expanduser().resolve()
    model_folder = Path(model_folder or config.model_folder()).expanduser().resolve()
    name = name or f"{settings.preset}-{time.strftime('%Y%m%d-%H%M%S')}"
    check_name(name)
    check_free(name, folder)
    path = folder / name
    content = {"training": settings.to_json(), "model_folder": str(model_folder), "publish": publish}
    state = {"state": "stopped", "message": NOT_STARTED, "created": time.time()}
    try:
        with atomic.new_folder(path) as unfinished:
            atomic.write_json(unfinished / "settings.json", content)
            atomic.write_json(unfinished / "state.json", state)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # another process was faster
            raise _taken(name, folder) from None
        raise explained(error, path) from error
    return Run(path)


def as_run_name(text: str) -> str:
    """The run name that is nearest to what a person typed; "" if nothing of it is allowed.

    >>> as_run_name("My first run"), as_run_name("Größe 2!"), as_run_name("...")
    ('My-first-run', 'Grosse-2', '')
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:MAX_NAME]


def check_name(name: str) -> None:
    """Raise UserError if `name` is not allowed as the name of a run."""
    if not NAME.fullmatch(name):
        raise UserError(
            Sentence(
                "{name!r} is not a valid run name; use up to 64 letters, digits, dots, dashes and "
                "underscores, beginning with a letter or digit.",
                name=name,
            )
        )


def check_free(name: str, folder: Path) -> None:
    """Raise UserError if a name is taken: by a run in a folder, a bundled run beside it, or other models.

    Args:
        name: of the new run.
        folder: where it will be kept.
    """
    if name in RESERVED:
        raise UserError(
            Sentence("{name} stands for models that no run here trained. Choose another name.", name=name)
        )
    beside = [config.bundled_folder()] if folder.resolve() == config.runs_folder().resolve() else []
    for taken in (folder, *beside):
        if (taken / name).exists():
            raise _taken(name, taken)


def _taken(name: str, folder: Path) -> UserError:
    return UserError(
        Sentence("There is already a run {name} in {folder}. Choose another name.", name=name, folder=folder)
    )


def open_run(name: str, folder: Path | None = None) -> Run:
    """Open a run by its name.

    Args:
        name: of the run.
        folder: where runs are kept; None searches the default folder, then the bundled runs.

    Raises:
        UserError: there is no such run.
    """
    folders = [Path(folder)] if folder else [config.runs_folder(), config.bundled_folder()]
    for run in (Run(folder / name) for folder in folders):
        if NAME.fullmatch(name) and run.exists():
            return run
    raise UserError(Sentence("There is no run {name!r} in {folders}.", name=name, folders=folders[0]))


def list_runs(folder: Path | None = None) -> list[Run]:
    """All runs, the newest first."""
    paths = Path(folder or config.runs_folder()).glob("*/state.json")
    runs = [Run(path.parent) for path in paths if NAME.fullmatch(path.parent.name)]
    return sorted(runs, key=lambda run: run.created(), reverse=True)
