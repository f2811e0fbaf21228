"""Augmented copies of the images that a model was evaluated on."""

import numpy as np

from core.config import Augmentation
from core.dataset import Dataset, augmented_views
from core.evaluation import Predictions


def augmented_images(
    dataset: Dataset,
    predictions: Predictions,
    augmentation: Augmentation | None,
    seed: int,
    views: int = 1,
) -> np.ndarray:
    """The images of `predictions`, augmented as in training.

    Args:
        dataset: that holds the images.
        predictions: a model's, for the images.
        augmentation: None leaves the images unmodified.
        seed: of the augmentation.
        views: of each image.

    Returns:
        uint8 ndarray of shape (images * views, side, side), the views of an image one after another.
    """
    rows = dataset.table.reset_index().set_index("path").loc[predictions.table["path"]]
    pixels = np.repeat(dataset.pixels[rows["index"].to_numpy()], views, axis=0)
    digests = list(np.repeat(rows["sha256"].to_numpy(), views))
    return augmented_views(pixels, digests, list(range(views)) * len(rows), augmentation, seed)
