"""A network's features of each image of a data set, stored beside its index: a few hundred numbers an image.

A training run computes the output of the backbone's last block anyway; its spatial mean is stored here for
analyses of the data set that need a network's features, such as the search for wrong labels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import atomic
from core.dataset.dataset import Dataset
from core.dataset.storage import storage_folder, stored_file

FILE = "image-features.npz"


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Features of some images.

    Attributes:
        sha256: str ndarray of shape (n,), digests of the images.
        features: float16 ndarray of shape (n, channels).
        weights: digests of the weights that computed them.
    """

    sha256: np.ndarray
    features: np.ndarray
    weights: str

    def of(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the images that have features, and the features: float32 (rows, channels)."""
        index_by_digest = dict(zip(self.sha256, range(len(self.sha256)), strict=True))
        indices = dataset.table["sha256"].map(index_by_digest)
        rows = np.flatnonzero(indices.notna())
        return rows, self.features[indices.iloc[rows].to_numpy(int)].astype(np.float32)


def read_image_features(root: Path) -> ImageFeatures | None:
    """The features stored for the data set in `root`; None before a run has computed any."""
    try:
        with np.load(stored_file(root, FILE)) as stored:
            return ImageFeatures(stored["sha256"], stored["features"], str(stored["weights"]))
    except (FileNotFoundError, NotADirectoryError):
        return None


def save_image_features(root: Path, features: ImageFeatures) -> None:
    """Store features with a data set, unless features of more images are stored already."""
    stored = read_image_features(root)
    if stored is not None and len(stored.sha256) > len(features.sha256):
        return
    with atomic.replacing(storage_folder(root) / FILE) as temporary:
        np.savez(
            temporary, sha256=features.sha256, features=features.features, weights=np.array(features.weights)
        )
