"""Several data sets joined into one, each a site of its own, to train on local images beside others.

A joined set is a folder of the app: a link to each data set, named after its site, so that images are found
under it like those of any other set. Its table is that of its sites, one after another, with a column site;
its pixels are copied once. Patients of different sites are never the same, whatever their numbers; an image
that several sites hold belongs to one of them.
"""

import hashlib
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

import numpy as np
import pandas as pd

from core import atomic, config
from core.dataset import pixels as pixel_store
from core.dataset.dataset import Dataset, Problem
from core.dataset.folder import layout_root
from core.dataset.index import fingerprint_of, index_lock, open_folder
from core.dataset.storage import storage_folder
from core.disk import explained
from core.errors import UserError
from core.images import shown, stored_path
from core.roles import Role, takes
from core.sentence import Sentence

MAX_SITES = 20
MAX_NAME = 60  # characters of the sites' names in the folder's


def open_datasets(folders: Sequence[str | Path], progress: pixel_store.Progress | None = None) -> Dataset:
    """Open a data set, or join several: as `open_dataset` and `join_datasets`."""
    return open_dataset(folders[0] if len(folders) == 1 else join_datasets(folders), progress)


def open_dataset(root: str | Path, progress: pixel_store.Progress | None = None) -> Dataset:
    """Index a folder, or open its index if nothing has changed since; or open the sites of a joined set.

    Args:
        root: folder that holds train/ and test/, or one folder that does, or of `join_datasets`; it may be
            written as `core.images.shown` writes it.
        progress: called with (files decoded, files to decode) while decoding.

    Raises:
        UserError: the folder is missing, empty or in another layout, none of its images can be read, or
            the index cannot be saved.
    """
    folder = stored_path(Path(root).expanduser())
    return _open_joined(folder, progress) if is_joined(folder) else open_folder(root, progress)


@takes(Role.TRAINER)
def join_datasets(folders: Sequence[str | Path]) -> Path:
    """Join data sets, in any order: the folder of the joined set, which is the same for the same data sets.

    Raises:
        UserError: there are not 2 to 20 different folders, one is missing or joined itself, or the joined set
            cannot be written.
    """
    roots = sorted({layout_root(stored_path(Path(folder).expanduser()).resolve()) for folder in folders})
    if not 2 <= len(roots) <= MAX_SITES or len(roots) < len(folders):
        raise UserError(
            Sentence(
                "{given} folders were given, {different} of them different; 2 to {most} different data "
                "sets can be joined.",
                given=len(folders),
                different=len(roots),
                most=MAX_SITES,
            )
        )
    if joined := [root for root in roots if is_joined(root)]:
        raise UserError(
            Sentence(
                "{joined} is joined already. Give the data sets that it was joined from.",
                joined=shown(joined[0]),
            )
        )
    digest = hashlib.sha256("\n".join(map(str, roots)).encode()).hexdigest()[:8]
    sites = _site_names(roots)
    joined = _joined_folder() / f"{'+'.join(sites)[:MAX_NAME]}-{digest}"
    try:
        with atomic.new_folder(joined) as unfinished:
            for site, root in sites.items():
                (unfinished / site).symlink_to(root)
    except OSError as error:
        if not joined.exists():  # else it was joined before, or by another process just now
            raise explained(error, joined) from error
    return joined


def is_joined(root: Path) -> bool:
    """Whether a folder is one of `join_datasets`."""
    return root.parent == _joined_folder()


def site_folders(root: Path) -> dict[str, Path]:
    """The data sets of a joined set by site, written as `core.images.shown` writes them; {} for others."""
    folder = stored_path(root)
    links = sorted(folder.iterdir()) if is_joined(folder) and folder.is_dir() else []
    return {link.name: Path(shown(link.resolve())) for link in links}


def _joined_folder() -> Path:
    return config.data_folder() / "joined"


def _site_names(roots: list[Path]) -> dict[str, Path]:
    """The folders by the names of their sites: their own, with a number where several are called the same."""
    sites: dict[str, Path] = {}
    for root in roots:
        names = chain([root.name], (f"{root.name}-{number}" for number in count(2)))
        sites[next(name for name in names if name not in sites)] = root
    return sites


def _open_joined(root: Path, progress: pixel_store.Progress | None) -> Dataset:
    """The joined set in a folder of `join_datasets`."""
    sites = {link.name: open_folder(link, progress) for link in sorted(root.iterdir())}
    whole = pd.concat([_of_site(site, dataset.table) for site, dataset in sites.items()], ignore_index=True)
    held = _kept(whole)
    table = whole[held].reset_index(drop=True)
    fingerprint = fingerprint_of(table)
    return Dataset(
        Path(shown(root)),
        table,
        _pixels(root, fingerprint, list(sites.values()), held),
        tuple(_problems(sites)),
        any(dataset.synthetic for dataset in sites.values()),
        fingerprint,
        (*_passed_over(sites), *_left_out(whole, held)),
    )


def _of_site(site: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table of a site as part of the whole: names of patients and paths begin with the site's."""
    patients = table["patient"].where(table["patient"] == "", site + "/" + table["patient"])
    return table.assign(path=site + "/" + table["path"], patient=patients, site=site)


def _kept(table: pd.DataFrame) -> np.ndarray:
    """Which images are kept, bool (n,): of those that several sites hold, the ones of one site.

    That is the first one that holds it in test, else the first one, so that no image is in training and test.
    """
    order = table.assign(later=table["split"] != "test").sort_values("later", kind="stable")
    owner = order.groupby("sha256")["site"].first()
    return (table["site"] == table["sha256"].map(owner)).to_numpy()


def _pixels(root: Path, fingerprint: str, sites: list[Dataset], kept: np.ndarray) -> np.ndarray:
    """The kept pixels of all sites, copied where they are not yet."""
    folder = storage_folder(Path(shown(root)))
    path = folder / f"pixels-{fingerprint[:16]}.npy"
    with index_lock(folder):
        if not path.exists():
            atomic.clear_unfinished(folder)  # of a process that was killed
            with atomic.replacing(path) as temporary:
                array, start, filled = pixel_store.create(temporary, int(kept.sum())), 0, 0
                for dataset in sites:
                    for block in pixel_store.blocks(dataset.pixels):
                        chosen = block[kept[start : start + len(block)]]
                        array[filled : filled + len(chosen)] = chosen
                        start, filled = start + len(block), filled + len(chosen)
                array.flush()
            for stale in set(folder.glob("pixels-*.npy")) - {path}:
                stale.unlink()
            atomic.write_json(folder / "index.json", {"root": shown(root)})
        return pixel_store.load(path)


def _problems(sites: dict[str, Dataset]) -> list[Problem]:
    return [
        Problem(f"{site}/{problem.path}" if problem.path else "", f"{site}: {problem.message}")
        for site, dataset in sites.items()
        for problem in dataset.problems
    ]


def _passed_over(sites: dict[str, Dataset]) -> list[str]:
    return [f"{site}: {sentence}" for site, dataset in sites.items() for sentence in dataset.passed_over]


def _left_out(table: pd.DataFrame, kept: np.ndarray) -> list[str]:
    """A sentence for each site that holds images which another site has, too."""
    counts = table["site"][~kept].value_counts(sort=False)
    return [
        f"{site}: left out because another site has the same file: {count:,} of its images."
        for site, count in counts.items()
    ]
