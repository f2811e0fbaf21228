"""Images that the user excludes from training after an audit: stored with the data set, used by its runs."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core import atomic
from core.dataset.joined_sets import site_folders
from core.dataset.storage import storage_folder, stored_file
from core.roles import Role, takes

FILE = "exclusions.json"


@dataclass(frozen=True)
class Exclusions:
    """What the runs of a data set leave out of training, unless their own settings say otherwise.

    Attributes:
        without_copies: leave out byte-identical copies of an image.
        without_test_patients: leave out images of patients who are also in test.
    """

    without_copies: bool = False
    without_test_patients: bool = False


def read_exclusions(root: Path) -> Exclusions:
    """The exclusions of the data set in `root`; by default nothing is excluded.

    A joined set for which nothing was chosen leaves out what any of its sites does.
    """
    try:
        content = json.loads(stored_file(root, FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        of_sites = [read_exclusions(site) for site in site_folders(root).values()]
        return Exclusions(
            any(site.without_copies for site in of_sites),
            any(site.without_test_patients for site in of_sites),
        )
    names = {field.name for field in fields(Exclusions)}
    return Exclusions(**{name: bool(value) for name, value in content.items() if name in names})


@takes(Role.TRAINER)
def save_exclusions(root: Path, exclusions: Exclusions) -> None:
    """Store the exclusions of a data set."""
    atomic.write_json(storage_folder(root) / FILE, asdict(exclusions))
