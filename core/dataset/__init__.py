"""A folder of radiographs as an indexed data set: contents, pixels, splits, augmented views."""

from core.dataset.audit import Finding, audit, report
from core.dataset.augmentation import affine_matrix, augment, augmented_views, grey_curve
from core.dataset.choices import Choices, choices, choose
from core.dataset.cohorts import cohort, cohorts, forget_cohort, save_cohort
from core.dataset.demo import write_demo
from core.dataset.description import described
from core.dataset.duplicates import copies
from core.dataset.fetching import LICENCE, fetch_pneumoniamnist
from core.dataset.film_features import FilmFeatures, keep_film_features
from core.dataset.index import Dataset, Problem, counts, known_folders, open_dataset
from core.dataset.looks import class_images, film_looks
from core.dataset.roles import rows_by_role
from core.dataset.sets import list_sets, remove_set
from core.dataset.shortcuts import baseline
from core.dataset.split import assign_roles, sample
from core.dataset.tables import import_table
from core.dataset.zips import import_zip

__all__ = [
    "LICENCE",
    "Choices",
    "Dataset",
    "FilmFeatures",
    "Finding",
    "Problem",
    "affine_matrix",
    "assign_roles",
    "audit",
    "augment",
    "augmented_views",
    "baseline",
    "choices",
    "choose",
    "class_images",
    "cohort",
    "cohorts",
    "copies",
    "counts",
    "described",
    "fetch_pneumoniamnist",
    "film_looks",
    "forget_cohort",
    "grey_curve",
    "import_table",
    "import_zip",
    "keep_film_features",
    "known_folders",
    "list_sets",
    "open_dataset",
    "remove_set",
    "report",
    "rows_by_role",
    "sample",
    "save_cohort",
    "write_demo",
]
