"""Images that are the same, and images that are nearly the same."""

import numpy as np
import pandas as pd

from core.dataset.pixels import square_means

ALIKE = 0.985  # correlation of 128 x 128 pixels: pairs of different chests stay below it
CANDIDATE = 0.97  # correlation of 16 x 16 pixels, from which a pair is looked at in full
PRODUCTS = 2**24  # correlations in memory at once


def identical_groups(table: pd.DataFrame) -> list[np.ndarray]:
    """Rows of files whose bytes are equal, a group each."""
    groups = table.groupby("sha256").indices.values()
    return [np.sort(rows) for rows in groups if len(rows) > 1]


def copies(table: pd.DataFrame) -> np.ndarray:
    """Rows of files that are a byte-identical copy of an earlier row of the same class and split."""
    return np.flatnonzero(table.duplicated(["sha256", "label", "split"]).to_numpy())


def near_identical_groups(table: pd.DataFrame, pixels: np.ndarray) -> list[np.ndarray]:
    """Rows of images that are almost the same though their files differ, a group each.

    Perceptual hashes are too coarse for chests, which are all alike. Here pixels are correlated: small
    ones of all pairs first, those at 128 x 128 of the pairs that this leaves.

    Args:
        table: a Dataset's table.
        pixels: uint8 ndarray of shape (n, 128, 128).
    """
    small = _standardised(square_means(pixels, 8))
    pairs = []
    at_once = max(1, PRODUCTS // len(small))
    for start in range(0, len(small), at_once):
        rows = small[start : start + at_once]
        alike = rows @ small[start:].T
        first, second = np.nonzero(alike > CANDIDATE)
        pairs += [(start + i, start + j) for i, j in zip(first, second, strict=True) if j > i]
    digests = table["sha256"].to_numpy()
    kept = [
        (i, j) for i, j in pairs if digests[i] != digests[j] and _correlation(pixels[i], pixels[j]) > ALIKE
    ]
    return _groups(kept, len(table))


def _standardised(images: np.ndarray) -> np.ndarray:
    """Flattened, mean 0 and length 1, so that a product is a correlation."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    pair = _standardised(np.stack([first, second]).astype(np.float32))
    return float(pair[0] @ pair[1])


def _groups(pairs: list[tuple[int, int]], count: int) -> list[np.ndarray]:
    """Rows that pairs connect."""
    if not pairs:
        return []
    # Imported here: few sets have such pairs.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, second = np.array(pairs).T
    graph = coo_matrix((np.ones(len(pairs)), (first, second)), (count, count))
    _, names = connected_components(graph, directed=False)
    members = pd.Series(np.arange(count)).groupby(names).indices.values()
    return [np.sort(rows) for rows in members if len(rows) > 1]
