"""Where the project stores what belongs to a user's data set; the user's own folder is never written to."""

import hashlib
import json
from pathlib import Path

from core import config
from core.config import old_names
from core.images import stored_path


def storage_folder(root: Path) -> Path:
    """Folder for the index, pixels, cohorts and exclusions of the data set in `root`."""
    return config.data_folder() / "indexed" / hashlib.sha256(str(root).encode()).hexdigest()[:16]


def stored_file(root: Path, name: str) -> Path:
    """Path of a stored file to read, under its old name where only that exists."""
    folder = storage_folder(root)
    old_paths = [folder / old for old, new in old_names.DATASET_FILES.items() if new == name]
    return next((path for path in (folder / name, *old_paths) if path.exists()), folder / name)


def known_folders() -> list[Path]:
    """Folders that were indexed before and still exist, the most recent first."""
    times = []
    for index in (config.data_folder() / "indexed").glob("*/index.json"):
        root = Path(json.loads(index.read_text())["root"])
        if stored_path(root).is_dir():
            times.append((index.stat().st_mtime, root))
    return [root for _, root in sorted(times, reverse=True)]
