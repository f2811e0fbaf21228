"""How the films of a set look on the whole: mean images, brightness, contrast, size."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.index import Dataset
from core.dataset.pixels import blocks


def class_images(dataset: Dataset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation of the pixels of each class, float64 (128, 128) each; no empty class."""
    shape = (len(CLASS_NAMES), *dataset.pixels.shape[1:])
    total, squares = np.zeros(shape), np.zeros(shape)
    labels, start = dataset.labels, 0
    for block in blocks(dataset.pixels):
        mine = labels[start : start + len(block)]
        start += len(block)
        for number in np.unique(mine):
            chosen = block[mine == number].astype(np.float64)
            total[number] += chosen.sum(axis=0)
            squares[number] += (chosen**2).sum(axis=0)
    found = {}
    for number, count in enumerate(np.bincount(labels, minlength=len(CLASS_NAMES))):
        if count:
            mean = total[number] / count
            spread = np.sqrt(np.maximum(squares[number] / count - mean**2, 0))
            found[CLASS_NAMES[number]] = mean, spread
    return found


def film_looks(dataset: Dataset) -> pd.DataFrame:
    """A row a film: split, label, brightness, contrast, width, height, aspect ratio.

    Brightness and contrast are mean and standard deviation of the 128 x 128 pixels, 0 to 255.
    """
    brightness, contrast = [], []
    for block in blocks(dataset.pixels):
        flat = block.reshape(len(block), -1)
        brightness.append(flat.mean(axis=1))
        contrast.append(flat.std(axis=1))
    looks = dataset.table[["split", "label", "width", "height"]].copy()
    looks["brightness"], looks["contrast"] = np.concatenate(brightness), np.concatenate(contrast)
    looks["aspect ratio"] = looks["width"] / looks["height"]
    return looks
