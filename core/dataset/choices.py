"""What the audit of a set led its user to leave out of training: kept with the set, taken up by its runs."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core import atomic
from core.dataset.index import kept_folder

FILE = "choices.json"


@dataclass(frozen=True)
class Choices:
    """What the runs of a set leave out of training, unless their own settings say otherwise.

    Attributes:
        without_copies: byte-identical copies of a film.
        without_test_patients: films of patients who are in test, too.
    """

    without_copies: bool = False
    without_test_patients: bool = False


def choices(root: Path) -> Choices:
    """Those of the set in `root`; nothing is left out where none were made."""
    try:
        content = json.loads((kept_folder(root) / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Choices()
    known = {field.name for field in fields(Choices)}
    return Choices(**{name: bool(value) for name, value in content.items() if name in known})


def choose(root: Path, chosen: Choices) -> None:
    """Keep the choices of a set."""
    atomic.write_json(kept_folder(root) / FILE, asdict(chosen))
