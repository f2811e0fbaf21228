"""The lungs of every image of a data set, found once and stored beside the data set's index.

`lungs-NETWORK.npz`  by digest of the image: numbers, quality and mask; NETWORK is what `lung_network` returns
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core import atomic
from core.anatomy.geometry import measure
from core.anatomy.lung_finder import BATCH, lung_network, shared_lung_finder
from core.anatomy.lungs import Lungs
from core.config import IMAGE_SIZE
from core.dataset import LUNG_COLUMNS, Dataset, Progress, storage_folder
from core.images import Box

NUMBERS = ("left", "top", "right", "bottom", "right_area", "left_area", "tilt")


@dataclass(frozen=True, eq=False)
class DatasetLungs:
    """The lungs of some images, one row each.

    Attributes:
        sha256: digests of the images, str (n,).
        numbers: float32 (n, 7), in the order of `NUMBERS`: edges of the lungs' box as shares of the image's
            sides, area of each lung as a share of the image, and tilt in degrees; NaN where there are no
            lungs, of the tilt also where there is one lung only.
        quality: what speaks against the lungs of each image, as JSON lists, str (n,).
        masks: of both lungs at 128 x 128, packed bits, uint8 (n, 2048).
    """

    sha256: np.ndarray
    numbers: np.ndarray
    quality: np.ndarray
    masks: np.ndarray

    def __len__(self) -> int:
        return len(self.sha256)

    def columns(self) -> pd.DataFrame:
        """`LUNG_COLUMNS`: area of both and centre of their box as shares of the image, tilt in degrees."""
        left, top, right, bottom, right_area, left_area, tilt = self.numbers.T
        values = (right_area + left_area, (left + right) / 2, (top + bottom) / 2, tilt)
        return pd.DataFrame(dict(zip(LUNG_COLUMNS, values, strict=True)))

    def box(self, row: int) -> Box | None:
        """Left, top, right, bottom of the lungs of one image; None if it has none."""
        left, top, right, bottom = map(float, self.numbers[row, :4])
        return None if np.isnan(left) else (left, top, right, bottom)

    def remarks(self, row: int) -> tuple[str, ...]:
        """What speaks against the lungs of one image; () if they are plausible."""
        return tuple(json.loads(self.quality[row]))

    def mask(self, rows: np.ndarray) -> np.ndarray:
        """Masks of both lungs of some images, bool (rows, 128, 128)."""
        bits = np.unpackbits(self.masks[rows], axis=1)
        return bits.reshape(len(rows), IMAGE_SIZE, IMAGE_SIZE).astype(bool)


def dataset_lungs(dataset: Dataset, progress: Progress | None = None) -> DatasetLungs:
    """The lungs of a data set's images, in its order; those that are not stored yet are found and stored.

    Args:
        dataset: opened.
        progress: called with (images done, images to do).

    Raises:
        UserError: the lung network is missing, or the result cannot be saved.
    """
    stored = _read(dataset)
    digests = dataset.table["sha256"].drop_duplicates()
    missing = digests[~digests.isin(stored.sha256 if stored else [])].index.to_numpy()
    if len(missing):
        new = _find(dataset, missing, progress)
        stored = _joined(stored, new) if stored else new
        _save(dataset, stored)
    assert stored is not None  # a data set has images
    return _in_order(stored, dataset)


def stored_lungs(dataset: Dataset) -> DatasetLungs | None:
    """The lungs of a data set's images, in its order; None if they have not been found yet."""
    stored = _read(dataset)
    if stored is None or not dataset.table["sha256"].isin(stored.sha256).all():
        return None
    return _in_order(stored, dataset)


def _find(dataset: Dataset, rows: np.ndarray, progress: Progress | None) -> DatasetLungs:
    """The lungs of the images in some rows."""
    numbers, quality, masks = [], [], []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        for lungs in shared_lung_finder().find_in_pixels(dataset.pixels[batch]):
            numbers.append(_numbers(lungs))
            quality.append(json.dumps(lungs.quality, ensure_ascii=False))
            masks.append(np.packbits(lungs.mask(IMAGE_SIZE, IMAGE_SIZE)))
        if progress:
            progress(start + len(batch), len(rows))
    digests = dataset.table["sha256"].iloc[rows].to_numpy(str)
    return DatasetLungs(digests, np.array(numbers, np.float32), np.array(quality), np.stack(masks))


def _numbers(lungs: Lungs) -> tuple[float, ...]:
    if lungs.box is None:
        return (np.nan,) * len(NUMBERS)
    geometry = measure(lungs)
    return (*lungs.box, lungs.right_area, lungs.left_area, geometry.tilt if geometry else np.nan)


def _joined(first: DatasetLungs, second: DatasetLungs) -> DatasetLungs:
    return DatasetLungs(
        **{name: np.concatenate([values, vars(second)[name]]) for name, values in vars(first).items()}
    )


def _in_order(stored: DatasetLungs, dataset: Dataset) -> DatasetLungs:
    """One row for each image of the data set, in its order."""
    position = pd.Series(np.arange(len(stored)), stored.sha256)
    rows = position.loc[dataset.table["sha256"]].to_numpy()
    return DatasetLungs(**{name: values[rows] for name, values in vars(stored).items()})


def _path(dataset: Dataset) -> Path:
    return storage_folder(dataset.root) / f"lungs-{lung_network()}.npz"


def _read(dataset: Dataset) -> DatasetLungs | None:
    """What is stored; None if nothing is, or if the file is damaged or of another version."""
    try:
        with np.load(_path(dataset), allow_pickle=False) as file:
            return DatasetLungs(**file)
    except (
        FileNotFoundError,
        NotADirectoryError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
    ):
        return None


def _save(dataset: Dataset, lungs: DatasetLungs) -> None:
    """Store the lungs; those that other networks found are removed."""
    path = _path(dataset)
    with atomic.replacing(path) as temporary:
        np.savez(temporary, **vars(lungs))
    for stale in set(path.parent.glob("lungs-*")) - {path}:
        stale.unlink(missing_ok=True)
