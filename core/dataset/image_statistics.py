"""Statistics of the images: brightness, contrast, size, and mean images of each class."""

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES
from core.dataset.dataset import Dataset
from core.dataset.pixels import blocks

DESCRIBING = (
    "path",
    "label",
    "published",
    "patient",
    "cause",
    "site",
    "sha256",
)  # columns, where there are such


def image_statistics(dataset: Dataset) -> pd.DataFrame:
    """Split, label, brightness, contrast, width, height and aspect ratio of each image, one row each.

    Brightness and contrast are mean and standard deviation of the 128 x 128 pixels, 0 to 255.
    """
    brightness, contrast = [], []
    for block in blocks(dataset.pixels):
        flat = block.reshape(len(block), -1)
        brightness.append(flat.mean(axis=1))
        contrast.append(flat.std(axis=1))
    statistics = dataset.table[["split", "label", "width", "height"]].copy()
    statistics["brightness"], statistics["contrast"] = np.concatenate(brightness), np.concatenate(contrast)
    statistics["aspect ratio"] = statistics["width"] / statistics["height"]
    return statistics


def describe_images(dataset: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """Path, label, patient, cause, sha256, brightness and contrast of some images, one row each.

    The published label, too, where the data set was relabelled, and the site where it was joined. A run
    stores these beside its predictions, so that they can be analysed without the data set.

    Args:
        dataset: the data set.
        rows: int ndarray, row numbers in the data set.
    """
    pixels = dataset.pixels[rows]
    columns = dataset.table.iloc[rows].filter(list(DESCRIBING))
    return columns.assign(
        brightness=pixels.mean(axis=(1, 2)).round(2), contrast=pixels.std(axis=(1, 2)).round(2)
    )


def class_images(dataset: Dataset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation of the pixels of each class, float64 (128, 128) each; no empty class."""
    shape = (len(CLASS_NAMES), *dataset.pixels.shape[1:])
    total, squares = np.zeros(shape), np.zeros(shape)
    labels, start = dataset.labels, 0
    for block in blocks(dataset.pixels):
        block_labels = labels[start : start + len(block)]
        start += len(block)
        for number in np.unique(block_labels):
            chosen = block[block_labels == number].astype(np.float64)
            total[number] += chosen.sum(axis=0)
            squares[number] += (chosen**2).sum(axis=0)
    images = {}
    for number, count in enumerate(np.bincount(labels, minlength=len(CLASS_NAMES))):
        if count:
            mean = total[number] / count
            deviation = np.sqrt(np.maximum(squares[number] / count - mean**2, 0))
            images[CLASS_NAMES[number]] = mean, deviation
    return images
