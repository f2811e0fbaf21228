"""A folder of radiographs as an indexed data set: contents, pixels, splits, augmented views."""

from core.dataset.augmentation import affine_matrix, augment, augmented_views
from core.dataset.demo import write_demo
from core.dataset.description import described
from core.dataset.index import Dataset, Problem, counts, known_folders, open_dataset
from core.dataset.split import assign_roles, sample

__all__ = [
    "Dataset",
    "Problem",
    "affine_matrix",
    "assign_roles",
    "augment",
    "augmented_views",
    "counts",
    "described",
    "known_folders",
    "open_dataset",
    "sample",
    "write_demo",
]
