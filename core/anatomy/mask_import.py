"""Masks of lungs that people drew, imported for a data set and stored beside its index, never inside it.

`drawn-lungs.npz`  by digest of the image: masks; and where they came from
"""

import json
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import atomic
from core.anatomy.drawn_lungs import DrawnLungs, read_drawn_lungs
from core.dataset import Dataset, Progress, site_folders, storage_folder
from core.images import PassedOver
from core.roles import Role, takes

FILE = "drawn-lungs.npz"


@takes(Role.TRAINER)
def import_masks(dataset: Dataset, source: str | Path, progress: Progress | None = None) -> DrawnLungs:
    """Store the masks of a data set's images, in place of those that were imported before, or of its sites'.

    Args and errors are those of `read_drawn_lungs`; UserError also if the result cannot be saved.
    """
    drawn = read_drawn_lungs(dataset, source, progress)
    facts = {name: getattr(drawn, name) for name in ("source", "imported")}
    with atomic.replacing(_path(dataset.root)) as temporary:
        np.savez_compressed(
            temporary,
            sha256=drawn.sha256,
            sizes=drawn.sizes,
            bits=drawn.bits,
            facts=json.dumps(facts | {"passed_over": asdict(drawn.passed_over)}),
        )
    return drawn


@takes(Role.TRAINER)
def remove_masks(dataset: Dataset) -> None:
    """Remove the imported masks of a data set; what they were imported from, and those of its sites, stay."""
    _path(dataset.root).unlink(missing_ok=True)


def imported_masks(dataset: Dataset) -> DrawnLungs | None:
    """The masks that were imported for a data set; None if there are none, or the file is damaged.

    A joined set for which none were imported has those of its sites.
    """
    own = _read(dataset.root)
    of_sites = [_read(site) for site in site_folders(dataset.root).values()]
    return own or _joined([drawn for drawn in of_sites if drawn])


def _joined(parts: list[DrawnLungs]) -> DrawnLungs | None:
    """The masks of several sites; of an image that several have, which is one of theirs does not matter."""
    if not parts:
        return None
    passed_over = PassedOver()
    for part in parts:
        for reason, count in part.passed_over.counts.items():
            passed_over.counts[reason] = passed_over.counts.get(reason, 0) + count
            passed_over.names.setdefault(reason, []).extend(part.passed_over.names[reason])
    return DrawnLungs(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("sha256", "sizes", "bits")),
        source=", ".join(part.source for part in parts),
        imported=max(part.imported for part in parts),
        passed_over=passed_over,
    )


def _read(root: Path) -> DrawnLungs | None:
    """What is stored for one folder; None if nothing is, or if it is damaged."""
    try:
        with np.load(_path(root), allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            facts["passed_over"] = PassedOver(**facts["passed_over"])
            return DrawnLungs(file["sha256"], file["sizes"], file["bits"], **facts)
    except (
        FileNotFoundError,
        NotADirectoryError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
    ):
        return None


def masks_version(dataset: Dataset) -> tuple[int, ...]:
    """Numbers that change when masks are imported or removed."""
    roots = [dataset.root, *site_folders(dataset.root).values()]
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in map(_path, roots))


def _path(root: Path) -> Path:
    return storage_folder(root) / FILE
