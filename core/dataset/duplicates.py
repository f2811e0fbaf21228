"""Identical and nearly identical images."""

import numpy as np
import pandas as pd

from core.dataset.pixels import block_means

NEAR_IDENTICAL = 0.985  # correlation of 128 x 128 pixels: pairs of different patients stay below it
CANDIDATE = 0.97  # correlation of 16 x 16 pixels from which a pair is compared at 128 x 128
MAX_CORRELATIONS = 2**24  # in memory at once


def identical_groups(table: pd.DataFrame) -> list[np.ndarray]:
    """Groups of rows whose files are byte-identical."""
    groups = table.groupby("sha256").indices.values()
    return [np.sort(rows) for rows in groups if len(rows) > 1]


def copies(table: pd.DataFrame) -> np.ndarray:
    """Rows whose file is a byte-identical copy of an earlier row's of the same class and split."""
    return np.flatnonzero(table.duplicated(["sha256", "label", "split"]).to_numpy())


def near_identical_groups(table: pd.DataFrame, pixels: np.ndarray) -> list[np.ndarray]:
    """Groups of rows whose images are almost the same though their files differ.

    Perceptual hashes are too coarse for chest X-rays, which all look alike. Instead, pixels are correlated:
    at 16 x 16 for all pairs, then at 128 x 128 for the pairs that remain.

    Args:
        table: a Dataset's table.
        pixels: uint8 ndarray of shape (n, 128, 128).
    """
    small = _standardised(block_means(pixels, 8))
    pairs = []
    rows_at_once = max(1, MAX_CORRELATIONS // len(small))
    for start in range(0, len(small), rows_at_once):
        rows = small[start : start + rows_at_once]
        correlations = rows @ small[start:].T
        first, second = np.nonzero(correlations > CANDIDATE)
        pairs += [(start + i, start + j) for i, j in zip(first, second, strict=True) if j > i]
    digests = table["sha256"].to_numpy()
    near_identical = [
        (i, j)
        for i, j in pairs
        if digests[i] != digests[j] and _correlation(pixels[i], pixels[j]) > NEAR_IDENTICAL
    ]
    return _groups(near_identical, len(table))


def _standardised(images: np.ndarray) -> np.ndarray:
    """Flatten each image to mean 0 and length 1, so that a dot product is a correlation."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    pair = _standardised(np.stack([first, second]).astype(np.float32))
    return float(pair[0] @ pair[1])


def _groups(pairs: list[tuple[int, int]], count: int) -> list[np.ndarray]:
    """Groups of rows that are connected by pairs."""
    if not pairs:
        return []
    # Imported lazily: few data sets have such pairs.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, second = np.array(pairs).T
    graph = coo_matrix((np.ones(len(pairs)), (first, second)), (count, count))
    _, group_of = connected_components(graph, directed=False)
    members = pd.Series(np.arange(count)).groupby(group_of).indices.values()
    return [np.sort(rows) for rows in members if len(rows) > 1]
