"""An indexed data set: its table, pixels and problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.config import CLASS_NAMES
from core.dataset.layout import SPLITS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Problem:
    """A problem with a file, or with the data set as a whole (then `path` is empty)."""

    path: str
    message: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """An indexed data set.

    Attributes:
        root: the user's folder, as `core.images.shown` writes it.
        table: DataFrame with a row for each readable image, in the order of `pixels`: path (relative),
            split (as published), label, patient (kind + number, "" if unknown), pseudonym (of a DICOM
            file's patient in this home, "" if unknown), cause, width, height, bytes, sha256, coloured (0
            or 1).
        pixels: uint8 ndarray of shape (images, 128, 128), memory-mapped, read-only.
        problems: problems with single files and with the whole.
        synthetic: whether the images were drawn by `core.dataset.synthetic`.
        fingerprint: digest of labels and contents: equal data sets have equal fingerprints.
        passed_over: hidden files of the folder, and what else was in the zip that it was imported from; one
            sentence per reason. Other files that are passed over are problems.
    """

    root: Path
    table: pd.DataFrame
    pixels: np.ndarray
    problems: tuple[Problem, ...]
    synthetic: bool
    fingerprint: str
    passed_over: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name, marked when the images are synthetic."""
        return f"{self.root.name} (SYNTHETIC)" if self.synthetic else self.root.name

    @property
    def labels(self) -> np.ndarray:
        """int64 ndarray of shape (images,): 0 NORMAL, 1 PNEUMONIA."""
        return (self.table["label"] == CLASS_NAMES[1]).to_numpy(dtype=np.int64)


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Number of images by published split and class; splits without images are left out."""
    sizes = dataset.table.groupby(["split", "label"]).size()
    return {
        split: {label: int(sizes.get((split, label), 0)) for label in CLASS_NAMES}
        for split in SPLITS
        if split in sizes.index.get_level_values("split")
    }
