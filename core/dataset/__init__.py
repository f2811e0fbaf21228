"""From a folder, zip or table of X-rays to an indexed Dataset: roles, augmentation, audit, cohorts."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.dataset.audit import Check, audit
    from core.dataset.augmentation import affine_matrix, augment, augmented_views, grey_curve
    from core.dataset.cohorts import delete_cohort, read_cohort, read_cohorts, save_cohort
    from core.dataset.dataset import Dataset, Problem, counts
    from core.dataset.download import LICENCE, PNEUMONIAMNIST, download_pneumoniamnist
    from core.dataset.duplicates import copies
    from core.dataset.example_images import draw_example
    from core.dataset.exclusions import Exclusions, read_exclusions, save_exclusions
    from core.dataset.findings import Finding, auc_facts, example_paths, report, share_by_class
    from core.dataset.image_features import ImageFeatures, save_image_features
    from core.dataset.image_filter import (
        LUNG_AGREEMENT,
        LUNG_COLUMNS,
        SORT_ORDERS,
        ImageFilter,
        image_table,
        matching_rows,
    )
    from core.dataset.image_statistics import class_images, describe_images, image_statistics
    from core.dataset.imported_sets import list_imported_sets, passed_over_at_import, remove_imported_set
    from core.dataset.index import SYNTHETIC_MARK, is_synthetic
    from core.dataset.issues import ISSUES
    from core.dataset.joined_sets import is_joined, join_datasets, open_dataset, open_datasets, site_folders
    from core.dataset.label_reviews import (
        EXCLUDED,
        MAX_READER,
        MAX_REASON,
        OUTCOMES,
        counting_reviews,
        label_reviews,
        reader_name,
        review_counts,
        review_label,
        withdraw_reviews,
    )
    from core.dataset.outlines import DRAWN, FOUND, Colour, outlined
    from core.dataset.patients import patient_and_cause
    from core.dataset.pixels import Progress
    from core.dataset.reviewed_labels import as_published, current_labels, relabelled, reviewed_labels
    from core.dataset.roles import (
        TEST,
        assign_roles,
        few_validation_images,
        held_out_names,
        rows_by_role,
        sample,
    )
    from core.dataset.run_defaults import settings_of_new_runs
    from core.dataset.set_checks import SHORTCUT_AUC
    from core.dataset.shortcut_baselines import (
        BASELINES,
        SHORTCUT_TITLES,
        CrossValidatedAuc,
        class_auc,
        class_auc_from,
        shortcut_baseline,
    )
    from core.dataset.storage import known_folders, storage_folder
    from core.dataset.synthetic import (
        CAUSES,
        DEFAULT_IMAGES,
        draw_chest,
        draw_chest_parts,
        write_synthetic_dataset,
    )
    from core.dataset.table_import import import_table
    from core.dataset.thumbnails import sprite_sheet
    from core.dataset.zip_import import import_zip

__all__ = [
    "BASELINES",
    "CAUSES",
    "DEFAULT_IMAGES",
    "DRAWN",
    "EXCLUDED",
    "FOUND",
    "ISSUES",
    "LICENCE",
    "LUNG_AGREEMENT",
    "LUNG_COLUMNS",
    "MAX_READER",
    "MAX_REASON",
    "OUTCOMES",
    "PNEUMONIAMNIST",
    "SHORTCUT_AUC",
    "SHORTCUT_TITLES",
    "SORT_ORDERS",
    "SYNTHETIC_MARK",
    "TEST",
    "Check",
    "Colour",
    "CrossValidatedAuc",
    "Dataset",
    "Exclusions",
    "Finding",
    "ImageFeatures",
    "ImageFilter",
    "Problem",
    "Progress",
    "affine_matrix",
    "as_published",
    "assign_roles",
    "auc_facts",
    "audit",
    "augment",
    "augmented_views",
    "class_auc",
    "class_auc_from",
    "class_images",
    "copies",
    "counting_reviews",
    "counts",
    "current_labels",
    "delete_cohort",
    "describe_images",
    "download_pneumoniamnist",
    "example_paths",
    "few_validation_images",
    "held_out_names",
    "draw_chest",
    "draw_chest_parts",
    "draw_example",
    "grey_curve",
    "image_statistics",
    "image_table",
    "import_table",
    "import_zip",
    "is_joined",
    "is_synthetic",
    "known_folders",
    "label_reviews",
    "list_imported_sets",
    "matching_rows",
    "join_datasets",
    "open_dataset",
    "open_datasets",
    "outlined",
    "passed_over_at_import",
    "patient_and_cause",
    "read_cohort",
    "read_cohorts",
    "read_exclusions",
    "reader_name",
    "relabelled",
    "remove_imported_set",
    "report",
    "review_counts",
    "review_label",
    "reviewed_labels",
    "rows_by_role",
    "sample",
    "save_cohort",
    "save_exclusions",
    "save_image_features",
    "share_by_class",
    "shortcut_baseline",
    "settings_of_new_runs",
    "site_folders",
    "sprite_sheet",
    "storage_folder",
    "withdraw_reviews",
    "write_synthetic_dataset",
]

open_door(__name__)
