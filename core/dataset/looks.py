"""How the films of a set look on the whole: mean images, brightness, contrast, size."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.index import Dataset
from core.dataset.pixels import BLOCK


def class_images(dataset: Dataset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation of the pixels of each class, float64 (128, 128) each; no empty class."""
    found = {}
    for label in CLASS_NAMES:
        rows = np.flatnonzero(dataset.table["label"] == label)
        if not len(rows):
            continue
        total = np.zeros(dataset.pixels.shape[1:])
        squares = np.zeros_like(total)
        for start in range(0, len(rows), BLOCK):
            block = dataset.pixels[rows[start : start + BLOCK]].astype(np.float64)
            total += block.sum(axis=0)
            squares += (block**2).sum(axis=0)
        mean = total / len(rows)
        found[label] = mean, np.sqrt(np.maximum(squares / len(rows) - mean**2, 0))
    return found


def film_looks(dataset: Dataset) -> pd.DataFrame:
    """A row a film: split, label, brightness, contrast, width, height, aspect ratio.

    Brightness and contrast are mean and standard deviation of the 128 x 128 pixels, 0 to 255.
    """
    brightness, contrast = [], []
    for start in range(0, len(dataset.pixels), BLOCK):
        block = dataset.pixels[start : start + BLOCK].reshape(-1, dataset.pixels[0].size)
        brightness.append(block.mean(axis=1))
        contrast.append(block.std(axis=1))
    looks = dataset.table[["split", "label", "width", "height"]].copy()
    looks["brightness"], looks["contrast"] = np.concatenate(brightness), np.concatenate(contrast)
    looks["aspect ratio"] = looks["width"] / looks["height"]
    return looks
