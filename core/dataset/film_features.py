"""What a network saw in each film of a set, kept beside its index: a few hundred numbers a film.

A training run computes the output of VGG19's last block anyway; its mean over places is kept here, for
looks at the set that need a network's eye, such as labels that seem wrong.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import atomic
from core.dataset.index import Dataset, kept_folder

FILE = "film-features.npz"


@dataclass(frozen=True, eq=False)
class FilmFeatures:
    """Features of some films.

    Attributes:
        sha256: str ndarray of shape (n,), the films.
        features: float16 ndarray of shape (n, channels).
        weights: digests of the weights that computed them.
    """

    sha256: np.ndarray
    features: np.ndarray
    weights: str

    def of(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the set's films that have features, and these: float32 (rows, channels)."""
        places = dict(zip(self.sha256, range(len(self.sha256)), strict=True))
        found = dataset.table["sha256"].map(places)
        rows = np.flatnonzero(found.notna())
        return rows, self.features[found.iloc[rows].to_numpy(int)].astype(np.float32)


def film_features(root: Path) -> FilmFeatures | None:
    """Those kept for the set in `root`; None before a run has computed any."""
    try:
        with np.load(kept_folder(root) / FILE) as kept:
            return FilmFeatures(kept["sha256"], kept["features"], str(kept["weights"]))
    except FileNotFoundError:
        return None


def keep_film_features(root: Path, found: FilmFeatures) -> None:
    """Keep features with a set, unless it has those of more films already."""
    kept = film_features(root)
    if kept is not None and len(kept.sha256) > len(found.sha256):
        return
    with atomic.replacing(kept_folder(root) / FILE) as temporary:
        np.savez(temporary, sha256=found.sha256, features=found.features, weights=found.weights)
